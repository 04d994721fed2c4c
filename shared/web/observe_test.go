package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/coditect/platform/shared/testkit"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

// A request's span has the route's template as its name, and nothing of the path
// or query; its trace stands beside the histogram.
func TestRequestsAreTraced(t *testing.T) {
	t.Parallel()
	to, registry := testkit.NewTraces(t), prometheus.NewRegistry()
	tracer, err := tracing.New(tracing.Options{Endpoint: to.URL, Slow: time.Hour}, tracing.Process{Service: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w := web.New(web.Options{Component: "test", Log: slog.New(slog.DiscardHandler), Registry: registry})
	r := mux.NewRouter()
	r.HandleFunc("/things/{id}", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("fail") {
			rw.WriteHeader(http.StatusBadGateway)
		}
	})
	h := tracer.Handler(w.Handler(r))
	send := func(target, flag string) {
		req := httptest.NewRequest(http.MethodGet, target, nil)
		req.Header.Set("Traceparent", "00-"+strings.Repeat(flag[1:]+"a", 16)+"-b7ad6b7169203331-"+flag)
		req.Header.Set("X-Request-Id", "r-1")
		h.ServeHTTP(httptest.NewRecorder(), req)
	}
	send("/things/hunter2?token=hunter2", "01")
	send("/things/hunter2?fail=hunter2", "00")
	send("/things/hunter2", "00")
	send("/nothing/hunter2", "01")
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := map[string]testkit.Span{}
	for _, s := range to.All() {
		names[s.Name+" "+s.State] = s
		for name, v := range s.Attributes {
			if strings.Contains(s.Name+v, "hunter2") {
				t.Errorf("a span gives the path away in %s: %+v", name, s)
			}
		}
	}
	if len(names) != 3 || names["GET /things/{id} "].Attributes["request_id"] != "r-1" ||
		names["GET /things/{id} answered with 502"].Attributes["kept"] != "true" || names["GET unmatched "].Attributes["http.response.status_code"] != "404" {
		t.Errorf("%+v", names)
	}
	req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(rec, req)
	if !strings.Contains(rec.Body.String(), `# {trace_id="`+strings.Repeat("1a", 16)+`"}`) || strings.Contains(rec.Body.String(), strings.Repeat("0a", 16)) {
		t.Errorf("exemplars:\n%s", rec.Body)
	}
}
