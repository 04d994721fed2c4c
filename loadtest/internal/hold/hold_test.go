package hold_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/coditect/platform/loadtest/internal/hold"
)

// TestMain lets the test's program hold connections, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == hold.Command {
		if err := hold.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, server *httptest.Server, count int) *hold.Holder {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	address := server.Listener.Addr().String()
	parts := hold.Split([]string{address, address}, count, hold.Part{Path: "/", Expect: http.StatusOK, Users: []hold.User{{Host: "a"}, {Host: "b"}}})
	h, err := hold.Start(program, parts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func round(t *testing.T, h *hold.Holder) hold.Answer {
	t.Helper()
	a, err := h.Round()
	if err != nil {
		t.Fatal(err)
	}
	return *a
}

func TestHeldConnectionsServe(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	h := start(t, server, 101)
	if a := round(t, h); a.Served != 101 || a.Wrong+a.Lost != 0 {
		t.Errorf("%+v", a)
	}
	server.CloseClientConnections()
	if err := h.Ask(); err != nil {
		t.Fatal(err)
	}
	// They are served again, but on connections that are not the held ones.
	if a := round(t, h); a.Lost != 101 {
		t.Errorf("after all were closed: %+v", a)
	}
}

func TestWrongAnswersCount(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "b" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	if a := round(t, start(t, server, 10)); a.Served != 5 || a.Wrong != 5 || a.First != "404" {
		t.Errorf("%+v", a)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	sum, sources := 0, map[string]bool{}
	for _, p := range hold.Split([]string{"a", "b"}, 100_001, hold.Part{}) {
		if p.First != sum || p.Count > 17_000 {
			t.Errorf("%+v", p)
		}
		sum += p.Count
		sources[p.Source.String()] = true
	}
	if sum != 100_001 || len(sources) != 6 {
		t.Errorf("%d connections from %d sources", sum, len(sources))
	}
}
