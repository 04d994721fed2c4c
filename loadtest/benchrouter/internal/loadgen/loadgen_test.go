package loadgen_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/shared/testkit"
)

const size = 40

// numbered are requests whose answers begin with their number.
type numbered struct{}

func (numbered) Append(b []byte, i int) []byte {
	return fmt.Appendf(b, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i)
}
func (numbered) AppendWant(b []byte, i int) []byte { return fmt.Appendf(b, "%d ", i) }

// serve answers by the request's number.
func serve(t *testing.T, answer func(w http.ResponseWriter, i int)) netip.AddrPort {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			t.Errorf("path %s", r.URL.Path)
		}
		answer(w, i)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().(*net.TCPAddr).AddrPort()
}

func right(w http.ResponseWriter, i int) {
	text := fmt.Sprintf("%d ", i)
	_, _ = io.WriteString(w, text+strings.Repeat(".", size-len(text)))
}

func options(to netip.AddrPort, count int) loadgen.Options {
	return loadgen.Options{To: to, Connections: 4, Requests: numbered{}, From: 100, Count: count, AnswerSize: size, Processor: -1}
}

func TestEveryRequestIsSentOnce(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(context.Context, loadgen.Options) (*loadgen.Result, error){
		"closed": loadgen.Closed,
		"open": func(ctx context.Context, o loadgen.Options) (*loadgen.Result, error) {
			return loadgen.Open(ctx, o, 5000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const count = 500
			var seen [count]atomic.Int32
			to := serve(t, func(w http.ResponseWriter, i int) {
				seen[i-100].Add(1)
				right(w, i)
			})
			opts := options(to, count)
			opts.WarmUp = 20
			result, err := run(testkit.Context(t), opts)
			if err != nil || result.Err() != nil || result.Requests != count || result.Latency.TotalCount() != count-20 {
				t.Fatalf("%+v, %v, %v", result, result.Err(), err)
			}
			for i := range seen {
				if n := seen[i].Load(); n != 1 {
					t.Errorf("request %d was sent %d times", i, n)
				}
			}
		})
	}
}

func TestWrongAnswersAreCounted(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(w http.ResponseWriter, i int){
		"another's":    func(w http.ResponseWriter, i int) { right(w, i+1) },
		"status":       func(w http.ResponseWriter, i int) { w.WriteHeader(http.StatusNotFound); right(w, i) },
		"long":         func(w http.ResponseWriter, i int) { right(w, i); _, _ = io.WriteString(w, "x") },
		"no length":    func(w http.ResponseWriter, i int) { right(w, i); w.(http.Flusher).Flush() },
		"a connection": func(http.ResponseWriter, int) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := serve(t, func(w http.ResponseWriter, i int) {
				if i%10 == 0 {
					wrong(w, i)
					return
				}
				right(w, i)
			})
			result, err := loadgen.Closed(testkit.Context(t), options(to, 50))
			if err != nil || result.Errors != 5 || result.Requests != 50 || result.Err() == nil {
				t.Errorf("%d of %d are wrong: %v, %v", result.Errors, result.Requests, result.Err(), err)
			}
		})
	}
}

func TestRefusalsAreCountedApart(t *testing.T) {
	t.Parallel()
	for every, tolerated := range map[int]bool{100: false, 1000: true} {
		to := serve(t, func(w http.ResponseWriter, i int) {
			if i%every == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			right(w, i)
		})
		result, err := loadgen.Closed(testkit.Context(t), options(to, 1000))
		if err != nil || result.Refused != 1000/every || result.Errors != 0 || (result.Err() == nil) != tolerated {
			t.Errorf("one in %d: %d refused, %d wrong, %v, %v", every, result.Refused, result.Errors, result.Err(), err)
		}
		if result.P(100) < 9*time.Second {
			t.Errorf("a refused request counts as served in %s", result.P(100))
		}
	}
}

// A stall of the other side counts for every request that should have been
// sent meanwhile, not for those alone that were.
func TestLatencyCountsFromTheIntendedTime(t *testing.T) {
	t.Parallel()
	const stall = 400 * time.Millisecond
	began := time.Now()
	to := serve(t, func(w http.ResponseWriter, i int) {
		<-time.After(stall - time.Since(began))
		right(w, i)
	})
	result, err := loadgen.Open(testkit.Context(t), options(to, 400), 1000)
	if err != nil || result.Err() != nil {
		t.Fatal(err, result.Err())
	}
	// Four connections stall; some four hundred requests are late by half of it on the average.
	if p := result.P(25); p < stall/8 {
		t.Errorf("a quarter of the requests waited less than %s", p)
	}
}

func TestHeldConnections(t *testing.T) {
	t.Parallel()
	var drop atomic.Bool
	to := serve(t, func(w http.ResponseWriter, i int) {
		if drop.Load() && i == 107 {
			w.Header().Set("Connection", "close")
		}
		right(w, i)
	})
	opts := options(to, 0)
	opts.Connections = 30
	held, err := loadgen.NewHeld(opts, netip.MustParseAddr("127.0.3.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for round, wrong := range []int{0, 0, 1, 1} { // dropped in the second, missed in the third and ever after
		drop.Store(round == 1)
		result, err := held.Ask(testkit.Context(t))
		if err != nil || result.Requests != opts.Connections || result.Errors != wrong {
			t.Errorf("round %d: %d wrong of %d, want %d: %v, %v", round, result.Errors, result.Requests, wrong, result.First, err)
		}
	}
}
