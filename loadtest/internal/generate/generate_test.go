package generate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/arrival"
	"github.com/coditect/platform/loadtest/internal/generate"
	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// stalling answers at once, except that from at on it answers nobody for so long.
func stalling(t *testing.T, at, long time.Duration) (url string, begin func()) {
	t.Helper()
	var once sync.Once
	var begun time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Since(begun)
		if now >= at && now < at+long {
			timer := time.NewTimer(at + long - now)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() { once.Do(func() { begun = time.Now() }) }
}

func run(t *testing.T, text string, begin func()) *record.Recording {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	recorder := record.NewRecorder(generate.ShapeOf(s))
	job := &generate.Job{Scenario: s, Share: arrival.Whole, Begin: time.Now(), Recorder: recorder}
	begin()
	if err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return recorder.Recording()
}

// A server that stalls for a tenth of the time makes every tenth request wait, by
// up to the whole stall: of 2,000 requests the 20 slowest are those of the first tenth of
// the stall, so the true p99 is nine tenths of it. A generator that waits for
// answers sees one slow request a connection, and reports none of that.
func TestAStallIsReportedAsItIs(t *testing.T) {
	t.Parallel()
	const stall = 500 * time.Millisecond
	url, begin := stalling(t, 2*time.Second, stall)
	scenarioText := func(load, phase string) string {
		return fmt.Sprintf("name: stall\ntarget: {url: %q}\nload: %s\nphases: [%s]\nmix: [{step: http, path: /, weight: 1}]\n", url, load, phase)
	}
	got := run(t, scenarioText("{connections: 8}", "{name: all, for: 5s, rate: 400}"), begin).Whole()
	if got.Requests() != 2000 || got.Errors != 0 {
		t.Fatalf("%d requests, %d errors", got.Requests(), got.Errors)
	}
	if p99 := got.Response.At(99); (p99 - stall*9/10).Abs() > stall*9/10/20 {
		t.Errorf("p99 %s, want %s within 5 %%", p99, stall*9/10)
	}
	if p99 := got.Service.At(99); p99 > stall/5 {
		t.Errorf("a generator that waits for answers would report %s; the stall should be invisible to it", p99)
	}
}

func TestClosedLoad(t *testing.T) {
	t.Parallel()
	url, begin := stalling(t, time.Hour, 0)
	text := fmt.Sprintf("name: users\ntarget: {url: %q}\nload: {model: closed, think: 50ms}\nphases: [{name: all, for: 1s, users: 4}]\nmix: [{step: http, path: /, weight: 1}]\n", url)
	got := run(t, text, begin).Whole()
	// Four users, each at most twenty times a second.
	if n := got.Requests(); n < 20 || n > 84 || got.Errors != 0 {
		t.Errorf("%d requests, %d errors", n, got.Errors)
	}
}

func TestBothEnginesCountTheSame(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	for _, engine := range scenario.Engines {
		text := fmt.Sprintf("name: x\nseed: 3\ntarget: {url: %q}\nload: {engine: %s, arrivals: poisson}\nphases: [{name: all, for: 1s, rate: 200}]\n"+
			"mix: [{step: http, name: there, path: /, weight: 3}, {step: http, name: missing, path: /missing, weight: 1}]\n", server.URL, engine)
		got := run(t, text, func() {})
		if n := got.Codes["missing"]["404"]; got.Whole().Errors != n || n == 0 || got.Codes["there"]["200"]+n != got.Whole().Requests() {
			t.Errorf("%s: %v, %d errors", engine, got.Codes, got.Whole().Errors)
		}
	}
}

// The end of the context ends a run at once, also while nobody answers.
func TestInterruption(t *testing.T) {
	t.Parallel()
	url, begin := stalling(t, 0, time.Hour)
	begin()
	s, err := scenario.Parse("x.yaml", fmt.Appendf(nil, "name: x\ntarget: {url: %q}\nload: {timeout: 1h}\nphases: [{name: all, for: 1h, rate: 100}]\nmix: [{step: http, path: /, weight: 1}]\n", url))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	job := &generate.Job{Scenario: s, Share: arrival.Whole, Begin: time.Now(), Recorder: record.NewRecorder(generate.ShapeOf(s))}
	if err := job.Run(ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(job.Begin); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}
