package proxy_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

var master = []byte("0123456789abcdef0123456789abcdef")

// openRules ask for no credential, so that tests of other things need none.
var openRules = func() *policy.Rules {
	rules, err := policy.Parse(strings.NewReader(`{"default_plan": "free", "plans": {"free": {}}, "routes": [{"prefix": "/", "class": "all", "public": true}, {"prefix": "/v1/billing", "class": "all", "public": true, "unpaid": true}]}`))
	if err != nil {
		panic(err)
	}
	return rules
}()

// fixture is a proxy between two small cells and a directory in memory.
type fixture struct {
	addr  string
	proxy *proxy.Proxy
	cache *tenantcache.Cache
	cells map[string]*cell
	acme  directory.Assignment

	mu      sync.Mutex
	entries map[directory.Key]directory.Assignment
	down    bool
	lookups atomic.Int32
}

// cell answers what its handler says, after checking the router's signature.
type cell struct {
	*httptest.Server
	id       string
	requests atomic.Int32
	handler  atomic.Pointer[http.HandlerFunc]
}

func newCell(t testing.TB, id string) *cell {
	t.Helper()
	c := &cell{id: id}
	signer := cellapi.NewSigner(cellapi.DeriveKey(master, id))
	c.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen-Tenant", strings.Join(r.Header.Values(cellapi.HeaderTenantID), "|"))
		w.Header().Set("X-Seen-Target", r.RequestURI)
		body, _ := io.ReadAll(r.Body) // net/http drops what is not read when the answer begins
		_, _ = io.WriteString(w, id+" "+string(body))
	})
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		if err := signer.VerifyRequest(r, time.Now()); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		(*c.handler.Load())(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *cell) handle(h http.HandlerFunc) { c.handler.Store(&h) }

func (c *cell) moved(to string, epoch string) {
	c.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(cellapi.HeaderTenantState, cellapi.StateDeparted)
		if to != "" {
			w.Header().Set(cellapi.HeaderTenantCell, to)
			w.Header().Set(cellapi.HeaderTenantEpoch, epoch)
		}
		w.WriteHeader(http.StatusMisdirectedRequest)
	})
}

func start(t testing.TB, change ...func(*proxy.Options)) *fixture {
	t.Helper()
	cache, err := tenantcache.New(tenantcache.Options{NegativeTTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{cache: cache, cells: map[string]*cell{}, entries: map[directory.Key]directory.Assignment{}}
	for i, id := range []string{"cell-a", "cell-b"} {
		f.cells[id] = newCell(t, id)
		cache.PutCell(directory.Cell{ID: id, Endpoint: f.cells[id].URL, State: directory.CellActive, Version: uint64(i + 1)})
	}
	f.acme = directory.Assignment{TenantID: tenancy.NewID(), Slug: "acme", Cell: "cell-a", State: directory.Active, Epoch: 1, Version: 10}
	f.put(f.acme)
	opts := proxy.Options{
		Domain: "example.com", APIHost: "api.example.com", EdgeKey: master, Cache: cache, Fetch: f.fetch,
		Rules: func() *policy.Rules { return openRules }, RequestTimeout: 5 * time.Second, Log: slog.New(slog.DiscardHandler), AccessLog: proxy.NewAccessLog(io.Discard),
	}
	for _, c := range change {
		c(&opts)
	}
	f.proxy = proxy.New(opts)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = listener.Addr().String()
	done := make(chan error, 1)
	go func() { done <- f.proxy.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := f.proxy.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) put(a directory.Assignment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries[directory.Key{Kind: directory.BySlug, Value: string(a.Slug)}] = a
	f.entries[directory.Key{Kind: directory.ByID, Value: a.TenantID.String()}] = a
}

func (f *fixture) fetch(_ context.Context, k directory.Key) (tenantcache.Answer, error) {
	f.lookups.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return tenantcache.Answer{}, errors.New("directory is down")
	}
	a, ok := f.entries[k]
	if !ok {
		return tenantcache.Answer{Version: 100}, nil
	}
	return tenantcache.Answer{Version: 100, Entry: &directory.Entry{Tenant: a, Cell: *f.cache.Cell(a.Cell)}}, nil
}

func (f *fixture) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// do sends a request to the proxy under the given host.
func (f *fixture) do(t *testing.T, method, host, target, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.addr+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	for i := 0; i < len(headers); i += 2 {
		req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(raw)
}

// key is an API key of acme, by its form.
func (f *fixture) key() string {
	return "Bearer cdt_" + strings.ReplaceAll(f.acme.TenantID.String(), "-", "") + "_" + strings.Repeat("k", 43)
}
