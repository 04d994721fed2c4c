//go:build traces

package traces_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
)

// patience is for a busy machine.
const patience = time.Minute

func TestARequestIsSeenThroughAllPrograms(t *testing.T) {
	p := start(t)
	acme := p.State().Tenants["acme"]
	router := p.State().Endpoints.Routers[acme.Region].URL
	const trace = "0af7651916cd43dd8448eb211c80319c"
	asked := p.send(t, http.MethodPost, router+"/v1/reports", `{"format":"csv"}`, http.StatusAccepted, trace)
	p.send(t, http.MethodGet, router+"/v1/projects", "", http.StatusOK, trace)
	var job struct{ State string }
	eventually(t, "the report", func() bool {
		p.get(t, router+asked.Header.Get("Location"), &job)
		return job.State == "done"
	})

	var seen spans
	eventually(t, "the whole trace in Jaeger", func() bool {
		seen = p.trace(t, trace)
		return seen.has("cell-worker: record outcome") && seen.has("cell-worker: job report") && seen.has("cell-api: GET /v1/projects") && seen.has("cell-api: redis mget")
	})
	roots := 0
	for _, s := range seen {
		if s.above == "b7ad6b7169203331" {
			roots++
			if s.service != "router" {
				t.Errorf("%s %s is not the router's, and begins the trace", s.service, s.name)
			}
		} else if _, ok := seen[s.above]; !ok {
			t.Errorf("%s %s is below nothing", s.service, s.name)
		}
		if s.tags["tenant"] != acme.ID || s.tags["cell"] != acme.Cell {
			t.Errorf("%s %s concerns %v in %v", s.service, s.name, s.tags["tenant"], s.tags["cell"])
		}
	}
	if roots != 2 {
		t.Errorf("%d requests at the router", roots)
	}
	for _, way := range [][]string{
		{"cell-api: redis mget", "cell-api: GET /v1/projects", "router: GET "},
		{"cell-api: postgres pipeline", "cell-api: POST /v1/reports", "router: POST "},
		{"cell-worker: postgres pipeline", "cell-worker: record outcome", "cell-worker: job report", "cell-worker: send cell.jobs", "cell-api: POST /v1/reports", "router: POST "},
	} {
		if !slices.ContainsFunc(seen.all(), func(s span) bool { return seen.leads(s, way) }) {
			t.Errorf("there is no way %v in\n%v", way, seen)
		}
	}

	p.exemplar(t, trace)
	p.failureIsKept(t, acme)
	p.everythingIsWatched(t)
}

type platform struct{ *local.Platform }

func start(t *testing.T) platform {
	t.Helper()
	jaeger := os.Getenv("JAEGER")
	if jaeger == "" {
		t.Fatal("JAEGER is not set: run this by make test-traces")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ports, err := local.FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	p, err := local.New(local.Options{
		Root: root, Dir: filepath.Join(root, ".local", "traces", fmt.Sprint(os.Getpid())), BinDir: filepath.Join(root, ".local", "bin"), Ports: ports,
		Watched: true, Jaeger: jaeger, Attached: true, Out: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Nuke(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return platform{p}
}

// send sends a request of acme's owner, who asks for its trace if there is one to
// be of. It may also go to what is no router, and does not look at who asks.
func (p platform) send(t *testing.T, method, target, body string, want int, trace string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "acme.localhost" // a name that not every resolver knows
	req.Header.Set("Authorization", "Bearer "+p.State().Tenants["acme"].APIKey)
	req.Header.Set("Content-Type", "application/json")
	if trace != "" {
		req.Header.Set("Traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		t.Fatalf("%s %s: %s %s %v", method, target, resp.Status, text, err)
	}
	resp.Body = io.NopCloser(strings.NewReader(string(text)))
	return resp
}

func (p platform) get(t *testing.T, target string, into any) {
	t.Helper()
	if err := json.NewDecoder(p.send(t, http.MethodGet, target, "", http.StatusOK, "").Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
}

type span struct {
	service, name, above string
	tags                 map[string]any
}

// spans are those of one trace, by id.
type spans map[string]span

func (s spans) all() (all []span) {
	for _, one := range s {
		all = append(all, one)
	}
	return all
}

func (s spans) has(name string) bool {
	return slices.ContainsFunc(s.all(), func(one span) bool { return one.service+": "+one.name == name })
}

// leads reports whether the way from a span upwards is the given one.
func (s spans) leads(from span, way []string) bool {
	for _, name := range way {
		if !strings.HasPrefix(from.service+": "+from.name, name) {
			return false
		}
		from = s[from.above]
	}
	return true
}

// answer is Jaeger's.
type answer struct {
	Data []struct {
		Spans []struct {
			SpanID, OperationName, ProcessID string
			References                       []struct{ SpanID string }
			Tags                             []struct {
				Key   string
				Value any
			}
		}
		Processes map[string]struct{ ServiceName string }
	}
}

func (a answer) spans() spans {
	all := spans{}
	for _, trace := range a.Data {
		for _, s := range trace.Spans {
			one := span{service: trace.Processes[s.ProcessID].ServiceName, name: s.OperationName, tags: map[string]any{}}
			for _, r := range s.References {
				one.above = r.SpanID
			}
			for _, tag := range s.Tags {
				one.tags[tag.Key] = tag.Value
			}
			all[s.SpanID] = one
		}
	}
	return all
}

// trace asks Jaeger; a trace that it does not know yet has no spans.
func (p platform) trace(t *testing.T, id string) spans {
	t.Helper()
	resp, err := http.Get(p.State().Endpoints.JaegerURL + "/api/traces/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil && resp.StatusCode == http.StatusOK {
		t.Fatal(err)
	}
	return a.spans()
}

// exemplar checks the way from a histogram to the trace.
func (p platform) exemplar(t *testing.T, trace string) {
	t.Helper()
	query := url.Values{
		"query": {"router_request_duration_seconds_bucket"}, "start": {fmt.Sprint(time.Now().Add(-time.Hour).Unix())}, "end": {fmt.Sprint(time.Now().Add(time.Hour).Unix())},
	}
	eventually(t, "the exemplar in Prometheus", func() bool {
		var found json.RawMessage
		p.get(t, p.State().Endpoints.PrometheusURL+"/api/v1/query_exemplars?"+query.Encode(), &found)
		return strings.Contains(string(found), trace)
	})
}

// failureIsKept checks that a request that failed is seen, though nobody chose it.
func (p platform) failureIsKept(t *testing.T, acme local.Tenant) {
	t.Helper()
	if err := p.Kill(t.Context(), acme.Cell+"-api"); err != nil {
		t.Fatal(err)
	}
	for range 20 { // a tenth are chosen; of these, hardly all
		p.send(t, http.MethodGet, p.State().Endpoints.Routers[acme.Region].URL+"/v1/projects", "", http.StatusServiceUnavailable, "")
	}
	query := url.Values{"service": {"router"}, "tags": {`{"kept":"true","error":"true"}`}, "limit": {"20"}}
	eventually(t, "a failure in Jaeger", func() bool {
		var found answer
		p.get(t, p.State().Endpoints.JaegerURL+"/api/traces?"+query.Encode(), &found)
		return len(found.spans()) > 0
	})
	if err := p.Start(t.Context(), acme.Cell+"-api"); err != nil {
		t.Fatal(err)
	}
}

// everythingIsWatched checks that Prometheus reaches every program, and that
// what the alerts judge is there.
func (p platform) everythingIsWatched(t *testing.T) {
	t.Helper()
	count := func(query string) int {
		var found struct {
			Data struct{ Result []json.RawMessage }
		}
		p.get(t, p.State().Endpoints.PrometheusURL+"/api/v1/query?"+url.Values{"query": {query}}.Encode(), &found)
		return len(found.Data.Result)
	}
	for query, want := range map[string]int{
		"up == 1": 7, `count by (cell) (database_pool_connections{state="idle"})`: 3, "disk_free_bytes": 5, "tracing_sent_spans_total > 0": 5,
	} {
		eventually(t, query, func() bool { return count(query) >= want })
	}
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited for: %s", what)
		case <-tick.C:
		}
	}
}
