package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func cells(t *testing.T, maxConns int) *upstream.Cells {
	t.Helper()
	reaper := wire.NewReaper(nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- reaper.Run(ctx) }()
	c := upstream.New(upstream.Options{MaxConns: maxConns, Reaper: reaper, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { c.Close(); cancel(); <-done })
	return c
}

const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// ask sends a request and returns the status.
func ask(cell *upstream.Cell) (int, bool, error) {
	conn, err := cell.Get(context.Background(), false)
	if err != nil {
		return 0, false, err
	}
	conn.Expire(time.Now().Add(5 * time.Second))
	if err := conn.Send([]byte(request)); err != nil {
		conn.Discard(true)
		return 0, conn.Reused, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		conn.Discard(true)
		return 0, conn.Reused, err
	}
	_ = resp.Body.Close()
	conn.Release(!resp.Close)
	return resp.StatusCode, conn.Reused, nil
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer server.Close()
	cell, err := cells(t, 10).Get(&directory.Cell{ID: "a", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if status, reused, err := ask(cell); err != nil || status != 204 || reused != (i > 0) {
			t.Errorf("%d: %d, reused %t, %v", i, status, reused, err)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	cell, err := cells(t, 2).Get(&directory.Cell{ID: "a", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var held []*upstream.Conn
	for range 2 {
		conn, err := cell.Get(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	if _, err := cell.Get(t.Context(), false); !errors.Is(err, upstream.ErrTooMany) || !upstream.NothingSent(err) {
		t.Errorf("a third: %v", err)
	}
	for _, conn := range held {
		conn.Discard(false)
	}
}

// An address that fails is taken out of use at once after a few requests, comes
// back when it answers probes, and costs an error without a wait meanwhile.
func TestEjectionAndReturn(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if dead.Load() {
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	cell, err := cells(t, 10).Get(&directory.Cell{ID: "a", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(cell); err != nil {
		t.Fatal(err)
	}
	dead.Store(true)
	testkit.Eventually(t, "the address to be ejected", func() bool {
		_, _, err := ask(cell)
		return errors.Is(err, upstream.ErrEjected) && !cell.Healthy()
	})
	dead.Store(false)
	testkit.Eventually(t, "the address to be back", func() bool {
		status, _, err := ask(cell)
		return err == nil && status == 200
	})
}

// A cell that takes connections and never answers is found by probes.
func TestASilentCellIsEjected(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cell, err := cells(t, 10).Get(&directory.Cell{ID: "a", Endpoint: "http://" + listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	testkit.EventuallyOK(t, "probes to find it silent", func() error {
		if cell.Healthy() {
			return errors.New("still healthy")
		}
		return nil
	})
}

func TestRetriesHaveABudget(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	cell, err := cells(t, 10).Get(&directory.Cell{ID: "a", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	retries := func() (n int) {
		for n < 1000 && cell.MayRetry() {
			n++
		}
		return n
	}
	if n := retries(); n != 20 {
		t.Errorf("%d retries at once", n)
	}
	for range 100 {
		if _, _, err := ask(cell); err != nil {
			t.Fatal(err)
		}
	}
	if n := retries(); n < 9 || n > 10 {
		t.Errorf("%d retries earned by 100 requests", n)
	}
}

func TestBadEndpoints(t *testing.T) {
	t.Parallel()
	c := cells(t, 1)
	for _, endpoint := range []string{"", "nonsense", "http://", "\x00"} {
		if _, err := c.Get(&directory.Cell{ID: "a", Endpoint: endpoint}); !errors.Is(err, upstream.ErrEndpoint) {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}
