package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func TestForward(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, target := range []string{"/", "/v1/projects?x=1&y=%2F", "/a%2Fb/../c?", "/v1//x", "/%41?q=a+b"} {
		resp, body := f.do(t, "POST", "acme.example.com", target, "hello", "X-Request-Id", "mine", "Authorization", f.key())
		if resp.StatusCode != 200 || body != "cell-a hello" || resp.Header.Get("X-Request-Id") != "mine" || resp.Header.Get("X-Seen-Target") != target {
			t.Errorf("%s: %d %q %v", target, resp.StatusCode, body, resp.Header)
		}
	}
	big := strings.Repeat("x", 3<<20)
	if resp, body := f.do(t, "PUT", "ACME.example.com.:80", "/", big); resp.StatusCode != 200 || body != "cell-a "+big {
		t.Errorf("3 MiB: %d, %d bytes", resp.StatusCode, len(body))
	}
}

func TestKeysAndClaims(t *testing.T) {
	t.Parallel()
	f := start(t)
	key := func(id tenancy.ID) string {
		return "Bearer cdt_" + strings.ReplaceAll(id.String(), "-", "") + "_" + strings.Repeat("k", 43)
	}
	own, foreign := f.acme.TenantID, tenancy.NewID()
	for name, c := range map[string]struct {
		host    string
		headers []string
		code    fault.Code
	}{
		"slug":                 {"acme.example.com", nil, ""},
		"API host":             {"api.example.com", []string{"Authorization", key(own)}, ""},
		"API host, agreeing":   {"api.example.com", []string{"Authorization", key(own), "X-Tenant-Id", own.String()}, ""},
		"API host, no key":     {"api.example.com", nil, fault.Unauthenticated},
		"API host, unknown":    {"api.example.com", []string{"Authorization", key(foreign)}, fault.UnknownTenant},
		"foreign key":          {"acme.example.com", []string{"Authorization", key(foreign)}, fault.Unauthenticated},
		"foreign id":           {"acme.example.com", []string{"X-Tenant-Id", foreign.String()}, fault.Forbidden},
		"foreign id, spelling": {"acme.example.com", []string{"x-tenant-id", foreign.String()}, fault.Forbidden},
		"two ids":              {"acme.example.com", []string{"X-Tenant-Id", own.String(), "X-Tenant-Id", foreign.String()}, fault.Malformed},
		"not an id":            {"acme.example.com", []string{"X-Tenant-Id", "acme"}, fault.Malformed},
		"unknown slug":         {"nobody.example.com", nil, fault.UnknownTenant},
		"unknown domain":       {"app.nobody.org", nil, fault.UnknownTenant},
		"not a host":           {"a_b.example.com", nil, fault.Malformed},
	} {
		resp, body := f.do(t, "GET", c.host, "/", "", c.headers...)
		if c.code == "" {
			if resp.StatusCode != 200 || resp.Header.Get("X-Seen-Tenant") != own.String() {
				t.Errorf("%s: %d, cell saw %q", name, resp.StatusCode, resp.Header.Get("X-Seen-Tenant"))
			}
			continue
		}
		if resp.StatusCode != c.code.Status() || !strings.Contains(body, `"code":"`+string(c.code)+`"`) || !strings.Contains(body, "request_id") {
			t.Errorf("%s: %d %s; want %s", name, resp.StatusCode, body, c.code)
		}
	}
}

func TestForgedHeadersNeverReachACell(t *testing.T) {
	t.Parallel()
	f := start(t)
	seen := make(chan http.Header, 1)
	f.cells["cell-a"].handle(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Clone() })
	f.do(t, "GET", "acme.example.com", "/", "",
		"X_Tenant_Id", "forged", "x_tenant-id", "forged", "X-TENANT-EPOCH", "99", "X-Tenant-Principal", "forged", "X-Edge-Signature", "forged",
		"X-Edge-Timestamp", "1", "X-Forwarded-For", "forged", "Forwarded", "forged", "X-Real-Ip", "forged", "Te", "trailers", "Keep-Alive", "forged",
		"Proxy-Authorization", "forged", "Traceparent", "forged", "X-Own", "kept")
	h := <-seen
	for name, values := range h {
		if strings.Contains(strings.Join(values, " "), "forged") {
			t.Errorf("%s: %v", name, values)
		}
	}
	if h.Get("X-Tenant-Epoch") != "1" || h.Get("X-Own") != "kept" || len(h.Get("Traceparent")) != 55 || h.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("headers: %v", h)
	}
}

func TestStatesAtTheEdge(t *testing.T) {
	t.Parallel()
	f := start(t)
	a := f.acme
	for i, c := range []struct {
		state directory.State
		code  fault.Code
	}{
		{directory.Suspended, fault.PaymentRequired}, {directory.Active, ""}, {directory.Deleting, fault.UnknownTenant}, {directory.Deleted, fault.UnknownTenant},
	} {
		a.State, a.Version = c.state, uint64(20+i)
		f.put(a)
		f.cache.Put(a) // as the feed does
		resp, body := f.do(t, "GET", "acme.example.com", "/", "")
		if c.code == "" && resp.StatusCode != 200 || c.code != "" && !strings.Contains(body, string(c.code)) {
			t.Errorf("%s: %d %s", c.state, resp.StatusCode, body)
		}
	}
}

// A tenant that has not paid reads, or does nothing; what leads to paying works.
func TestWhatUnpaidBillsLeaveATenant(t *testing.T) {
	t.Parallel()
	f := start(t)
	a := f.acme
	for i, c := range []struct {
		access             directory.Access
		read, write, toPay int
		code               fault.Code
	}{
		{directory.FullAccess, 200, 200, 200, ""},
		{directory.ReadOnly, 200, 402, 200, fault.TenantReadOnly},
		{directory.NoAccess, 402, 402, 200, fault.PaymentRequired},
		{directory.FullAccess, 200, 200, 200, ""},
	} {
		a.Edge, a.Version = &directory.EdgePolicy{Access: c.access}, uint64(20+i)
		f.put(a)
		f.cache.Put(a) // as the feed does
		read, _ := f.do(t, "GET", "acme.example.com", "/v1/projects", "")
		write, refusal := f.do(t, "POST", "acme.example.com", "/v1/projects", "x")
		toPay, _ := f.do(t, "POST", "acme.example.com", "/v1/billing/portal", "x")
		if read.StatusCode != c.read || write.StatusCode != c.write || toPay.StatusCode != c.toPay {
			t.Errorf("%q: read %d, write %d, pay %d", c.access, read.StatusCode, write.StatusCode, toPay.StatusCode)
		}
		if c.code != "" && !strings.Contains(refusal, string(c.code)) {
			t.Errorf("%q: %s", c.access, refusal)
		}
	}
}

func TestUnknownTenantWithDirectoryDown(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.do(t, "GET", "acme.example.com", "/", "")
	f.setDown(true)
	if resp, _ := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 200 {
		t.Errorf("a known tenant: %d", resp.StatusCode)
	}
	resp, body := f.do(t, "GET", "other.example.com", "/", "")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "unavailable") {
		t.Errorf("an unknown one: %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

func TestFollowByTheCellsHint(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.do(t, "GET", "acme.example.com", "/", "")
	f.setDown(true) // the hint alone must do
	f.cells["cell-a"].moved("cell-b", "2")
	before := f.lookups.Load()
	for range 3 {
		if resp, body := f.do(t, "POST", "acme.example.com", "/", "hello"); resp.StatusCode != 200 || body != "cell-b hello" {
			t.Fatalf("%d %q", resp.StatusCode, body)
		}
	}
	if n := f.cells["cell-a"].requests.Load(); n != 2 {
		t.Errorf("the old cell was asked %d times; 2 expected: the entry was not updated", n)
	}
	if n := f.lookups.Load() - before; n != 0 {
		t.Errorf("%d lookups", n)
	}
}

func TestFollowByLookup(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.do(t, "GET", "acme.example.com", "/", "")
	f.cells["cell-a"].moved("", "")
	a := f.acme
	a.Cell, a.Epoch, a.Version = "cell-b", 2, 11
	f.put(a)
	if resp, body := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 200 || body != "cell-b " {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].moved("cell-b", "2")
	f.cells["cell-b"].moved("cell-a", "2") // contradicts itself
	resp, body := f.do(t, "GET", "acme.example.com", "/", "")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "being moved") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if n := f.cells["cell-a"].requests.Load() + f.cells["cell-b"].requests.Load(); n > 3 {
		t.Errorf("%d hops", n)
	}
}

func TestAnApplications421IsTheClients(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMisdirectedRequest) })
	if resp, _ := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 421 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// A body is replayed whole or not at all: up to 1 MiB it is, whether the cell
// read it before it said no, or did not.
func TestReplayedBodies(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{true, false} {
		f := start(t)
		f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
			if reads {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			w.Header().Set("Tenant-State", "departed")
			w.Header().Set("X-Tenant-Cell", "cell-b")
			w.Header().Set("X-Tenant-Epoch", "2")
			w.WriteHeader(http.StatusMisdirectedRequest)
		})
		resp, _ := f.do(t, "POST", "acme.example.com", "/", strings.Repeat("x", 2<<20))
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("reads %t, 2 MiB: %d", reads, resp.StatusCode)
		}
		if n := f.cells["cell-b"].requests.Load(); n != 0 {
			t.Errorf("reads %t: half a body reached the other cell", reads)
		}
		body := strings.Repeat("y", 900<<10)
		if resp, got := f.do(t, "POST", "acme.example.com", "/", body); resp.StatusCode != 200 || got != "cell-b "+body {
			t.Errorf("reads %t, 900 KiB: %d, %d octets", reads, resp.StatusCode, len(got))
		}
	}
}

func TestDeadCell(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].Close()
	for _, method := range []string{"GET", "POST"} {
		resp, body := f.do(t, method, "acme.example.com", "/", "")
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "request_id") {
			t.Errorf("%s: %d %s", method, resp.StatusCode, body)
		}
	}
	b := directory.Assignment{TenantID: tenancy.NewID(), Slug: "globex", Cell: "cell-b", State: directory.Active, Epoch: 1, Version: 12}
	f.put(b)
	if resp, _ := f.do(t, "GET", "globex.example.com", "/", ""); resp.StatusCode != 200 {
		t.Errorf("another cell's tenant: %d", resp.StatusCode)
	}
}

func TestPostIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	if resp, _ := f.do(t, "POST", "acme.example.com", "/", "x"); resp.StatusCode != 503 {
		t.Errorf("%d", resp.StatusCode)
	}
	if n := f.cells["cell-a"].requests.Load(); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	f := start(t)
	entered, release := make(chan struct{}), make(chan struct{})
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "done")
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if resp, body := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 200 || body != "done" || !resp.Close {
			t.Errorf("%d %q close=%v", resp.StatusCode, body, resp.Close)
		}
	})
	<-entered
	f.proxy.Drain()
	if f.proxy.Ready(t.Context()) == nil {
		t.Error("still ready")
	}
	close(release)
	wg.Wait()
}

func TestStreamsBothWays(t *testing.T) {
	t.Parallel()
	f := start(t)
	firstRead := make(chan struct{})
	f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 5)
		_, _ = io.ReadFull(r.Body, buf)
		close(firstRead)
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(buf)
	})
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, "first")
		select { // the rest is sent only once the cell has seen the beginning
		case <-firstRead:
		case <-time.After(5 * time.Second):
		}
		_, _ = io.WriteString(writer, "second")
		_ = writer.Close()
	}()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+f.addr+"/", reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "acme.example.com"
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(body) != "first" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	select {
	case <-firstRead:
	default:
		t.Error("the cell never saw the beginning")
	}
}

func TestTrailersAndConnectionHeadersStayBehind(t *testing.T) {
	t.Parallel()
	f := start(t)
	type seen struct{ header, trailer http.Header }
	saw := make(chan seen, 1)
	f.cells["cell-a"].handle(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		saw <- seen{r.Header.Clone(), r.Trailer.Clone()}
	})
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: acme.example.com\r\nConnection: X-Hop\r\nX-Hop: 1\r\nTrailer: X-Tenant-Id\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Tenant-Id: forged\r\nX-Other: forged\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == 200 {
		if got := <-saw; len(got.trailer) != 0 || got.header.Get("X-Hop") != "" {
			t.Errorf("the cell saw trailers %v, headers %v", got.trailer, got.header)
		}
	}
}

func TestALongAnswerThatFlowsIsNotCut(t *testing.T) {
	t.Parallel()
	f := start(t)
	const chunks = 30 // a chunk each 200 ms: longer than RequestTimeout in all
	f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for range chunks {
			<-tick.C
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
	})
	if resp, body := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 200 || len(body) != chunks {
		t.Errorf("%d, %d of %d chunks", resp.StatusCode, len(body), chunks)
	}
}

func TestHeadKeepsItsLength(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "12345") })
	if resp, _ := f.do(t, "HEAD", "acme.example.com", "/", ""); resp.StatusCode != 200 || resp.ContentLength != 12345 {
		t.Errorf("%d, length %d", resp.StatusCode, resp.ContentLength)
	}
}
