package proxy_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// An https endpoint is spoken to in TLS, and a certificate that nobody vouches
// for is not accepted.
func TestHTTPSCellIsReachedAndItsCertificateChecked(t *testing.T) {
	t.Parallel()
	f := start(t)
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	f.cache.PutCell(directory.Cell{ID: "cell-tls", Endpoint: server.URL, State: directory.CellActive, Version: 3})
	f.put(directory.Assignment{TenantID: tenancy.NewID(), Slug: "secure", Cell: "cell-tls", State: directory.Active, Epoch: 1, Version: 13})
	if resp, body := f.do(t, "GET", "secure.example.com", "/", ""); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if connections.Load() == 0 || requests.Load() != 0 {
		t.Errorf("%d connections, %d requests; want some and none", connections.Load(), requests.Load())
	}
}
