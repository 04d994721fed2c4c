package tracing_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/shared/testkit"
	"github.com/coditect/platform/shared/tracing"
)

// newTracer returns a tracer that sends to the receiver, and what sends at once.
func newTracer(t testing.TB, to *testkit.Traces, opts tracing.Options, service string) (*tracing.Tracer, func()) {
	t.Helper()
	opts.Endpoint = to.URL
	if opts.Slow == 0 {
		opts.Slow = time.Hour
	}
	tracer, err := tracing.New(opts, tracing.Process{Service: service, Cell: "cell-a", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	done := sync.OnceFunc(func() {
		if err := tracer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(done)
	return tracer, done
}

// request is one with a query below it. It returns the trace's id.
func request(tracer *tracing.Tracer, parent string, within func(context.Context)) string {
	ctx, span := tracer.Begin(tracing.WithParent(context.Background(), parent), "request", trace.SpanKindServer)
	_, query := tracing.Begin(ctx, "query", trace.SpanKindClient)
	query.End()
	if within != nil {
		within(ctx)
	}
	span.End()
	return span.SpanContext().TraceID().String()
}

const (
	chosen   = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	unchosen = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
)

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ratio  float64
		slow   time.Duration
		parent string
		within func(context.Context)
		spans  int
		kept   bool
	}{
		"chosen by the ratio":             {ratio: 1, spans: 2},
		"not chosen, well":                {ratio: 0},
		"chosen by the sender":            {ratio: 0, parent: chosen, spans: 2},
		"not chosen by the sender":        {ratio: 1, parent: unchosen},
		"failed":                          {ratio: 0, within: func(ctx context.Context) { tracing.Fail(ctx, "answered with 500") }, spans: 2, kept: true},
		"failed, not chosen by a sender":  {ratio: 0, parent: unchosen, within: func(ctx context.Context) { tracing.Fail(ctx, "x") }, spans: 2, kept: true},
		"slow":                            {ratio: 0, slow: 1, spans: 2, kept: true},
		"slow because it goes on":         {ratio: 0, slow: 1, within: tracing.Streamed},
		"a sender that says what is none": {ratio: 0, parent: "00-xx-01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := testkit.NewTraces(t)
			tracer, send := newTracer(t, to, tracing.Options{Ratio: c.ratio, Slow: c.slow}, "service")
			id := request(tracer, c.parent, c.within)
			send()
			spans := to.Of(id)
			if len(spans) != c.spans || len(to.All()) != c.spans {
				t.Fatalf("%d spans: %+v", len(spans), to.All())
			}
			if c.parent != "" && c.spans > 0 && id != c.parent[3:35] {
				t.Errorf("the trace %s was not continued", c.parent)
			}
			for _, s := range spans {
				if (s.Attributes["kept"] == "true") != c.kept || s.Service != "service" {
					t.Errorf("%+v", s)
				}
			}
			if c.spans == 2 && spans[0].Parent != spans[1].ID {
				t.Errorf("the query is not below the request: %+v", spans)
			}
		})
	}
}

// Two requests of one trace at the same time in one process: what one of them
// makes of it holds for both, once both have ended.
func TestRequestsOfOneTrace(t *testing.T) {
	t.Parallel()
	to := testkit.NewTraces(t)
	tracer, send := newTracer(t, to, tracing.Options{}, "service")
	request(tracer, unchosen, func(ctx context.Context) {
		request(tracer, unchosen, nil)
		tracing.Fail(ctx, "answered with 500")
	})
	send()
	if n := len(to.Of(unchosen[3:35])); n != 4 {
		t.Errorf("%d spans", n)
	}
}

func TestKeptRequestsAreBounded(t *testing.T) {
	t.Parallel()
	to, registry := testkit.NewTraces(t), prometheus.NewRegistry()
	tracer, err := tracing.New(tracing.Options{Endpoint: to.URL, Slow: time.Hour}, tracing.Process{Service: "s", Log: slog.New(slog.DiscardHandler), Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	const failures = 1000
	for range failures {
		request(tracer, "", func(ctx context.Context) { tracing.Fail(ctx, "everything fails") })
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept, unkept := value(t, registry, "tracing_kept_requests_total"), value(t, registry, "tracing_unkept_requests_total")
	if kept < 100 || kept > 500 || kept+unkept != failures || value(t, registry, "tracing_sent_spans_total") != 2*kept || len(to.All()) != int(2*kept) {
		t.Errorf("kept %v, not kept %v, received %d", kept, unkept, len(to.All()))
	}
}

func value(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// A request goes through two programs; the second one's spans are below the
// first one's call, and all of them say whom it concerns.
func TestATraceThroughTwoPrograms(t *testing.T) {
	t.Parallel()
	to := testkit.NewTraces(t)
	plane, sendPlane := newTracer(t, to, tracing.Options{Ratio: 1}, "plane")
	cell, sendCell := newTracer(t, to, tracing.Options{}, "cell")
	var baggage string
	server := httptest.NewServer(cell.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		baggage = r.Header.Get("Baggage")
		_, span := tracing.Begin(r.Context(), "query", trace.SpanKindClient)
		span.End()
	})))
	defer server.Close()
	client := &http.Client{Transport: tracing.Transport{Next: http.DefaultTransport.(*http.Transport).Clone()}}
	defer client.CloseIdleConnections()
	id := request(plane, "", func(ctx context.Context) {
		ctx = tracing.Concerning(ctx, "0198c0de-0000-7000-8000-000000000001", "cell-b")
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
	})
	sendPlane()
	sendCell()
	byName := map[string]testkit.Span{}
	for _, s := range to.Of(id) {
		byName[s.Service+" "+s.Name+" "+s.Kind] = s
	}
	call, served, query := byName["plane GET client"], byName["cell GET server"], byName["cell query client"]
	if call.ID == "" || served.Parent != call.ID || query.Parent != served.ID || call.Parent != byName["plane request server"].ID {
		t.Fatalf("%+v", byName)
	}
	if baggage != "tenant=0198c0de-0000-7000-8000-000000000001,cell=cell-b" {
		t.Errorf("baggage %q", baggage)
	}
	if query.Attributes["tenant"] != "0198c0de-0000-7000-8000-000000000001" || query.Attributes["cell"] != "cell-a" {
		t.Errorf("the cell knows itself better than its caller does: %v", query.Attributes)
	}
}

func TestStrangeHeadersAreNobodys(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"tenant=<script>", "tenant=" + strings.Repeat("a", 65), "nobody=x", ",,,=", "tenant"} {
		ctx := tracing.Extract(t.Context(), func(name string) string {
			return map[string]string{"Traceparent": chosen, "Baggage": header}[name]
		})
		if b := tracing.Baggage(ctx); b != "" {
			t.Errorf("%q was taken for %q", header, b)
		}
	}
	for _, parent := range []string{
		"", "00", strings.Repeat("0", 55), "01" + chosen[2:], "00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", strings.ToUpper(chosen), chosen + "-x", chosen[:52] + "_01",
	} {
		if tracing.Parent(tracing.WithParent(t.Context(), parent)) != "" {
			t.Errorf("%q was believed", parent)
		}
	}
	if got := tracing.Parent(tracing.WithParent(t.Context(), chosen)); got != chosen {
		t.Errorf("%q became %q", chosen, got)
	}
}

func TestSpansOfThePast(t *testing.T) {
	t.Parallel()
	to := testkit.NewTraces(t)
	tracer, send := newTracer(t, to, tracing.Options{}, "router")
	past := tracing.Past{Trace: trace.TraceID{1}, Span: trace.SpanID{2}, Parent: trace.SpanID{3}, Name: "GET all", Kind: trace.SpanKindServer, Failure: "answered with 502"}
	past.Start = time.Now().Add(-time.Second)
	past.End = past.Start.Add(250 * time.Millisecond)
	tracer.Record(past)
	first := past
	first.Trace, first.Parent = trace.TraceID{9}, trace.SpanID{}
	tracer.Record(first)
	send()
	spans := to.All()
	if len(spans) != 2 || spans[0].Trace != past.Trace.String() || spans[0].ID != past.Span.String() || spans[0].Parent != past.Parent.String() ||
		spans[0].Micros != 250_000 || spans[0].State != past.Failure || spans[1].Parent != "" {
		t.Errorf("%+v", spans)
	}
}

func TestNobodyTakesTraces(t *testing.T) {
	t.Parallel()
	to, registry := testkit.NewTraces(t), prometheus.NewRegistry()
	to.Refuse(true)
	var log bytes.Buffer
	tracer, err := tracing.New(tracing.Options{Endpoint: to.URL, Ratio: 1, Slow: time.Hour}, tracing.Process{Service: "s", Log: slog.New(slog.NewTextHandler(&log, nil)), Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	for range 600 { // more than one batch
		request(tracer, "", nil)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "traces are not taken"); n != 1 || value(t, registry, "tracing_lost_spans_total") == 0 {
		t.Errorf("said %d times: %s", n, log.String())
	}
}

func TestWithoutAnEndpointNothingIsTraced(t *testing.T) {
	tracer, err := tracing.New(tracing.Options{}, tracing.Process{})
	if tracer != nil || err != nil {
		t.Fatal(tracer, err)
	}
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	if fmt.Sprintf("%p", tracer.Handler(next)) != fmt.Sprintf("%p", next) {
		t.Error("a handler stands in the way")
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() {
		ctx, span := tracing.Begin(ctx, "query", trace.SpanKindClient)
		tracing.Fail(ctx, "no")
		span.End()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := tracer.Close(ctx); err != nil || tracer.Cell() != "" {
		t.Error(err)
	}
}

func TestOptionsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, o := range []tracing.Options{
		{Endpoint: "localhost:4318", Slow: 1},
		{Endpoint: "ftp://x", Slow: 1},
		{Endpoint: "http://u:hunter2@x", Slow: 1},
		{Endpoint: "http://x/v1/traces", Slow: 1},
		{Endpoint: "http://x", Ratio: 1.1, Slow: 1},
		{Endpoint: "http://x", Ratio: -1, Slow: 1},
		{Endpoint: "http://x"},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "--trace-") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if err := (tracing.Options{}).Validate(); err != nil {
		t.Error(err)
	}
}

// What each request pays.
func BenchmarkRequestWithAQuery(b *testing.B) {
	to := testkit.NewTraces(b)
	for _, c := range []struct {
		name  string
		ratio float64
	}{{"set aside", 0}, {"sent", 1}} {
		b.Run(c.name, func(b *testing.B) {
			tracer, _ := newTracer(b, to, tracing.Options{Ratio: c.ratio}, "s")
			b.ReportAllocs()
			for b.Loop() {
				request(tracer, "", nil)
			}
		})
	}
	b.Run("off", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			request(nil, "", nil)
		}
	})
}
