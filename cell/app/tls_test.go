package app_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/cell/app"
)

// certified returns a pair of files for 127.0.0.1, and a client that trusts it.
func certified(t *testing.T) (pair string, client *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	certificate := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}, {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(files[i], pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(files, ","), server.Client()
}

func TestBothDoorsSpeakTLSAndTheAdminDoorDoesNot(t *testing.T) {
	t.Parallel()
	pair, client := certified(t)
	p := start(t, func(o *app.APIOptions) { o.TLS = pair })
	for name, door := range map[string]string{"api": p.addresses.API.String(), "internal": p.addresses.Internal.String()} {
		response, err := client.Get("https://" + door + "/v1/nothing")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = response.Body.Close()
		if response.TLS.Version != tls.VersionTLS13 || response.StatusCode == http.StatusOK {
			t.Errorf("%s: TLS %x, %d", name, response.TLS.Version, response.StatusCode)
		}
		if status := p.plainly(t, door, "/v1/nothing"); status != http.StatusBadRequest {
			t.Errorf("%s: without TLS it answered %d", name, status)
		}
	}
	if status := p.plainly(t, p.addresses.Admin.String(), "/healthz"); status != http.StatusOK {
		t.Errorf("admin: %d", status)
	}
}

// plainly asks without TLS.
func (p *process) plainly(t *testing.T, door, path string) (status int) {
	t.Helper()
	response, err := p.client.Get("http://" + door + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestTLSThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	opts := app.DefaultAPIOptions()
	opts.TLS = "cert.pem"
	if err := app.RunAPI(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "--tls: use CERT,KEY") {
		t.Error(err)
	}
}
