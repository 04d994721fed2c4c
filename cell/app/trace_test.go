package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
	"github.com/coditect/platform/shared/tracing"
)

const routersTrace = "0af7651916cd43dd8448eb211c80319c"

// A report is asked for within a trace: API, Redis, database, relay, broker and
// worker are all in it, one below the other.
func TestATraceGoesThroughTheCell(t *testing.T) {
	t.Parallel()
	to := testkit.NewTraces(t)
	traced := app.ObserveOptions{Trace: tracing.Options{Endpoint: to.URL, Slow: time.Hour}}
	redis := testkit.Redis(t)
	p, sink := start(t, func(o *app.APIOptions) { o.Observe, o.RedisURL, o.RedisTimeout = traced, redis, unhurried }), newSink(t)
	p.startWorker(t, testkit.RabbitMQ(t), sink, func(o *app.WorkerOptions) { o.Observe, o.RedisURL = traced, redis })
	tn := p.admit(t)
	within := http.Header{
		"Traceparent": {"00-" + routersTrace + "-b7ad6b7169203331-01"}, "Baggage": {"tenant=" + tn.id.String() + ",cell=cell-test"},
	}
	expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/projects", header: within}), 200)
	asked := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/reports", body: map[string]any{"format": "csv"}, header: within}), 202)
	testkit.Eventually(t, "the report", func() bool {
		var job api.Job
		a := p.asTenant(t, tn, request{method: "GET", target: asked.header.Get("Location")})
		return json.Unmarshal(a.body, &job) == nil && job.State == api.Done
	})

	get, post := "cell-api: GET /v1/projects", "cell-api: POST /v1/reports"
	below := map[string][]string{
		get:                              {"outside"},
		post:                             {"outside"},
		"cell-api: redis mget":           {get, "outside"},
		"cell-worker: send cell.jobs":    {post, "outside"},
		"cell-worker: job report":        {"cell-worker: send cell.jobs", post, "outside"},
		"cell-worker: record outcome":    {"cell-worker: job report", "cell-worker: send cell.jobs", post, "outside"},
		"cell-worker: postgres pipeline": nil, // below the job or below what records it
		"cell-api: postgres pipeline":    nil,
	}
	byID := map[string]testkit.Span{}
	testkit.EventuallyOK(t, "the whole trace", func() error { // API and worker send their spans when it suits them
		above := map[string][]string{}
		for _, s := range to.Of(routersTrace) {
			byID[s.ID] = s
		}
		for _, s := range byID {
			above[s.Service+": "+s.Name] = ancestors(byID, s)
		}
		for span, want := range below {
			if got, ok := above[span]; !ok || want != nil && !slices.Equal(got, want) {
				return fmt.Errorf("%s is below %v; there are %v", span, got, slices.Sorted(maps.Keys(above)))
			}
		}
		return nil
	})
	for _, s := range byID {
		if s.Attributes["tenant"] != tn.id.String() || s.Attributes["cell"] != "cell-test" {
			t.Errorf("%s %s concerns %s in %s", s.Service, s.Name, s.Attributes["tenant"], s.Attributes["cell"])
		}
		for name, value := range s.Attributes {
			if strings.Contains(value, tn.key) || strings.Contains(value, hashOf(tn.key)) {
				t.Errorf("%s of %s %s gives a key away: %s", name, s.Service, s.Name, value)
			}
		}
	}
	if a := p.admin(t, "/metrics"); !strings.Contains(string(a.body), `database_pool_connections_limit{pool="tenants"} 8`) {
		t.Errorf("the pool is not shown: %.300s", a.body)
	}
}

// ancestors names the spans above one, from the nearest on.
func ancestors(byID map[string]testkit.Span, s testkit.Span) []string {
	names := []string{}
	for {
		parent, ok := byID[s.Parent]
		if !ok {
			return append(names, "outside")
		}
		names = append(names, parent.Service+": "+parent.Name)
		s = parent
	}
}
