package generate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/arrival"
	"github.com/coditect/platform/loadtest/internal/generate"
	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// server answers at once, except that from at on it answers nobody for so long. It
// knows when it answered.
type server struct {
	url      string
	at, long time.Duration

	mu       sync.Mutex
	begun    time.Time
	answered []time.Duration
}

func stalling(t *testing.T, at, long time.Duration) *server {
	t.Helper()
	s := &server{at: at, long: long, begun: time.Now()}
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.url = front.URL
	return s
}

func (s *server) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if now := time.Since(s.begun); now >= s.at && now < s.at+s.long {
		timer := time.NewTimer(s.at + s.long - now)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered = append(s.answered, time.Since(s.begun))
}

// p99 is the true one of a constant rate: the n-th answer is the n-th request's.
func (s *server) p99(rate int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := slices.Clone(s.answered)
	for i := range waits {
		waits[i] -= time.Duration((float64(i) + 0.5) / float64(rate) * float64(time.Second))
	}
	slices.Sort(waits)
	return waits[len(waits)*99/100]
}

func run(t *testing.T, text string, begin time.Time) *record.Recording {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	recorder := record.NewRecorder(generate.ShapeOf(s))
	job := &generate.Job{Scenario: s, Share: arrival.Whole, Begin: begin, Recorder: recorder}
	if err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return recorder.Recording()
}

// A server that stalls for a tenth of the time makes every tenth request wait, by
// up to the whole stall, so the true p99 is nine tenths of it; on a busy machine
// longer, and the server knows it. A generator that waits for answers sees one
// slow request a connection.
func TestAStallIsReportedAsItIs(t *testing.T) {
	t.Parallel()
	const rate = 400
	s := stalling(t, 2*time.Second, 500*time.Millisecond)
	got := run(t, fmt.Sprintf("name: stall\ntarget: {url: %q}\nload: {connections: 8}\nphases: [{name: all, for: 5s, rate: %d}]\nmix: [{step: http, path: /, weight: 1}]\n", s.url, rate), s.begun).Whole()
	if got.Requests() != 5*rate || got.Errors != 0 {
		t.Fatalf("%d requests, %d errors", got.Requests(), got.Errors)
	}
	want := s.p99(rate)
	if p99 := got.Response.At(99); want < 400*time.Millisecond || (p99-want).Abs() > want/20 {
		t.Errorf("p99 %s, want %s within 5 %%", p99, want)
	}
	if p99 := got.Service.At(99); p99 > want/2 {
		t.Errorf("a generator that waits for answers would report %s; most of the stall should be invisible to it", p99)
	}
}

func TestClosedLoad(t *testing.T) {
	t.Parallel()
	s := stalling(t, time.Hour, 0)
	text := fmt.Sprintf("name: users\ntarget: {url: %q}\nload: {model: closed, think: 50ms}\nphases: [{name: all, for: 1s, users: 4}]\nmix: [{step: http, path: /, weight: 1}]\n", s.url)
	got := run(t, text, time.Now()).Whole()
	// Four users, each at most twenty times a second.
	if n := got.Requests(); n < 4 || n > 84 || got.Errors != 0 {
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
		got := run(t, text, time.Now())
		if n := got.Codes["missing"]["404"]; got.Whole().Errors != n || n == 0 || got.Codes["there"]["200"]+n != got.Whole().Requests() {
			t.Errorf("%s: %v, %d errors", engine, got.Codes, got.Whole().Errors)
		}
	}
}

// The end of the context ends a run at once, also while nobody answers.
func TestInterruption(t *testing.T) {
	t.Parallel()
	server := stalling(t, 0, time.Hour)
	s, err := scenario.Parse("x.yaml", fmt.Appendf(nil, "name: x\ntarget: {url: %q}\nload: {timeout: 1h}\nphases: [{name: all, for: 1h, rate: 100}]\nmix: [{step: http, path: /, weight: 1}]\n", server.url))
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
