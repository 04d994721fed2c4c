package proxy_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/shared/testkit"
	"github.com/coditect/platform/shared/tracing"
)

// tracedProxy is a proxy that traces. send has all spans sent; nothing is traced
// after it.
type tracedProxy struct {
	*fixture
	to   *testkit.Traces
	send func()

	mu   sync.Mutex
	seen []http.Header // by cell-a
}

func startTraced(t testing.TB, opts tracing.Options, change ...func(*proxy.Options)) *tracedProxy {
	t.Helper()
	p := &tracedProxy{to: testkit.NewTraces(t)}
	opts.Endpoint = p.to.URL
	if opts.Slow == 0 {
		opts.Slow = time.Hour
	}
	tracer, err := tracing.New(opts, tracing.Process{Service: "router", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p.send = sync.OnceFunc(func() {
		if err := tracer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(p.send)
	p.fixture = start(t, append(change, func(o *proxy.Options) { o.Tracer = tracer })...)
	p.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = append(p.seen, r.Header.Clone())
		p.mu.Unlock()
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	return p
}

func (p *tracedProxy) get(t *testing.T, path string, header map[string]string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "acme.example.com"
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
}

func (p *tracedProxy) last(t *testing.T) http.Header {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) == 0 {
		t.Fatal("the cell was not asked")
	}
	return p.seen[len(p.seen)-1]
}

const (
	clients  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"
	clientID = "0af7651916cd43dd8448eb211c80319c"
)

func TestAChosenRequestIsTraced(t *testing.T) {
	t.Parallel()
	p := startTraced(t, tracing.Options{Ratio: 1})
	p.get(t, "/v1/projects?q=hunter2", map[string]string{"Baggage": "tenant=forged,cell=forged", "Authorization": p.key(), "Cookie": "hunter2"})
	sent := p.last(t).Get("Traceparent")
	p.get(t, "/v1/projects", map[string]string{"Traceparent": clients + "00", "Tracestate": "other=1"})
	continued := p.last(t)
	p.send()

	if len(sent) != 55 || sent[53:] != "01" {
		t.Fatalf("the cell was told %q", sent)
	}
	if got := p.seen[0].Values("Baggage"); len(got) != 1 || got[0] != "tenant="+p.acme.TenantID.String()+",cell=cell-a" {
		t.Errorf("baggage: %q", got)
	}
	spans := p.to.Of(sent[3:35])
	if len(spans) != 1 || spans[0].ID != sent[36:52] || spans[0].Parent != "" || spans[0].Kind != "server" || spans[0].Service != "router" {
		t.Fatalf("%+v", spans)
	}
	for name, want := range map[string]string{
		"tenant": p.acme.TenantID.String(), "cell": "cell-a", "http.response.status_code": "200", "hops": "0",
		"request_id": p.seen[0].Get("X-Request-Id"), "kept": "",
	} {
		if got := spans[0].Attributes[name]; got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, s := range p.to.All() {
		for name, value := range s.Attributes {
			if strings.Contains(s.Name+value, "hunter2") {
				t.Errorf("a span gives a secret away in %s: %+v", name, s)
			}
		}
	}
	spans = p.to.Of(clientID)
	if len(spans) != 1 || spans[0].Parent != "b7ad6b7169203331" || continued.Get("Tracestate") != "other=1" ||
		continued.Get("Traceparent") != clients[:36]+spans[0].ID+"-01" {
		t.Errorf("the client's trace: %+v, the cell was told %v", spans, continued)
	}
}

func TestOfTheOthersOnlyTheBadOnesAreTraced(t *testing.T) {
	t.Parallel()
	p := startTraced(t, tracing.Options{})
	p.get(t, "/v1/projects", nil)
	if sent := p.last(t); !strings.HasSuffix(sent.Get("Traceparent"), "-00") || sent.Get("Baggage") != "" {
		t.Errorf("the cell was told %v", sent)
	}
	p.get(t, "/fails", nil)
	failed := p.last(t).Get("Traceparent")
	p.send()
	spans := p.to.All()
	if len(spans) != 1 || spans[0].Trace != failed[3:35] || spans[0].State != "answered with 500" || spans[0].Attributes["kept"] != "true" {
		t.Errorf("%+v", spans)
	}
}

func TestSlowRequestsAreTraced(t *testing.T) {
	t.Parallel()
	p := startTraced(t, tracing.Options{Slow: 1})
	p.get(t, "/v1/projects", nil)
	p.send()
	if spans := p.to.All(); len(spans) != 1 || spans[0].State != "" || spans[0].Attributes["kept"] != "true" {
		t.Errorf("%+v", spans)
	}
}

// Anybody may ask for a few traces.
func TestClientsAskForTraces(t *testing.T) {
	t.Parallel()
	ask := func(p *tracedProxy) int {
		for range 40 {
			p.get(t, "/v1/projects", map[string]string{"Traceparent": clients + "01"})
		}
		p.send()
		return len(p.to.Of(clientID))
	}
	if n := ask(startTraced(t, tracing.Options{})); n < 10 || n > 30 { // they come within three seconds
		t.Errorf("%d of 40", n)
	}
}

func TestTracesStandBesideSlowBuckets(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	p := startTraced(t, tracing.Options{Ratio: 1}, func(o *proxy.Options) { o.Registry = registry })
	p.get(t, "/v1/projects", nil)
	trace := p.last(t).Get("Traceparent")[3:35]
	req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	testkit.Eventually(t, "the exemplar", func() bool {
		rec := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(rec, req)
		return strings.Contains(rec.Body.String(), `# {trace_id="`+trace+`"}`)
	})
}

// What is not traced allocates nothing, as without a tracer.
func TestForwardingWithATracerAllocatesNothing(t *testing.T) {
	p := startTraced(t, tracing.Options{}, withLimits(t))
	exchange := exchanger(t, p.fixture)
	for range 100 {
		exchange()
	}
	if n := testing.AllocsPerRun(500, exchange); n >= 1 && !raceDetector { // a pool may be emptied by a collection
		t.Errorf("%v allocations a request", n)
	}
}

func BenchmarkForwardTraced(b *testing.B) {
	for _, c := range []struct {
		name  string
		ratio float64
	}{{"none", 0}, {"a hundredth", .01}, {"all", 1}} {
		b.Run(c.name, func(b *testing.B) {
			exchange := exchanger(b, startTraced(b, tracing.Options{Ratio: c.ratio}, withLimits(b)).fixture)
			b.ReportAllocs()
			for b.Loop() {
				exchange()
			}
		})
	}
}
