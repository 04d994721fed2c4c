package standing_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/standing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// server is a database that can be replaced by another one, which ends the
// connections to it.
type server struct {
	mu       sync.Mutex
	timeline int64
	trusted  int64
	down     bool
	ended    chan struct{}
}

func newServer() *server { return &server{timeline: 1, trusted: 1, ended: make(chan struct{})} }

// become ends every connection, and is another server from then on, or none.
func (s *server) become(timeline int64, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.ended)
	s.ended = make(chan struct{})
	s.timeline, s.down = timeline, down
}

func (s *server) trust(timeline int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trusted = timeline
}

func (s *server) open(context.Context) (standing.Watch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errors.New("nobody listens")
	}
	return &connection{server: s, ended: s.ended}, nil
}

type connection struct {
	server *server
	ended  chan struct{}
}

func (c *connection) Look(context.Context) (cell.DatabaseStanding, error) {
	select {
	case <-c.ended:
		return cell.DatabaseStanding{}, errors.New("the connection has ended")
	default:
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return cell.DatabaseStanding{Found: cell.Incarnation{SystemID: "7", Timeline: c.server.timeline}, Trusted: cell.Incarnation{SystemID: "7", Timeline: c.server.trusted}}, nil
}

func (c *connection) Rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d / 20) // nobody here has a second
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
		return errors.New("the connection has ended")
	case <-timer.C:
		return nil
	}
}

func (c *connection) Close() {}

func start(t *testing.T, s *server) *standing.Guard {
	t.Helper()
	g := standing.New(s.open, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestARestoredDatabaseIsRefusedUntilItIsTrusted(t *testing.T) {
	t.Parallel()
	s := newServer()
	g := start(t, s)
	if err := g.Admit(t.Context()); err != nil {
		t.Fatalf("a database that is trusted: %v", err)
	}
	s.become(2, false)
	testkit.Eventually(t, "the other one is noticed", g.Refusing)
	if err := g.Admit(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("another database: %v", err)
	}
	s.trust(2)
	testkit.Eventually(t, "it is trusted", func() bool { return g.Admit(t.Context()) == nil })
}

// Between two servers, nobody is let through who did not see the second one.
func TestNobodyPassesBetweenTwoServers(t *testing.T) {
	t.Parallel()
	s := newServer()
	g := start(t, s)
	if err := g.Admit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.become(2, true) // it is away for a while, and then another one
	testkit.Eventually(t, "it is unsure", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		return g.Admit(ctx) != nil
	})
	if g.Refusing() {
		t.Error("a database that does not answer counts as another one")
	}
	answered := make(chan error, 1)
	go func() { answered <- g.Admit(t.Context()) }() // waits
	s.become(2, false)
	if err := <-answered; fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("who waited was told %v", err)
	}
	testkit.Eventually(t, "it is refused", g.Refusing)
}

func TestWorkEndsWithTheTrustAndNotWithAnOutage(t *testing.T) {
	t.Parallel()
	s := newServer()
	g := start(t, s)
	begun, ended := make(chan struct{}, 4), make(chan struct{}, 4)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- g.While(ctx, func(ctx context.Context) error {
			begun <- struct{}{}
			<-ctx.Done()
			ended <- struct{}{}
			return ctx.Err()
		})
	}()
	<-begun
	s.become(1, true)
	s.become(1, false) // an outage
	testkit.Eventually(t, "it is over", func() bool { return g.Admit(t.Context()) == nil })
	select {
	case <-ended:
		t.Error("an outage ended the work")
	default:
	}
	s.become(2, false)
	<-ended
	once := make(chan struct{})
	go func() {
		_ = g.Hold(func(context.Context) error { close(once); return nil })(ctx)
	}()
	select {
	case <-once:
		t.Error("work began from a database that is not trusted")
	case <-begun:
		t.Error("work went on from a database that is not trusted")
	case <-time.After(100 * time.Millisecond):
	}
	s.trust(2)
	<-begun
	<-once
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) && err != nil {
		t.Error(err)
	}
}

func TestTheDoor(t *testing.T) {
	t.Parallel()
	s := newServer()
	g := start(t, s)
	door := g.Door(func(r *http.Request) bool { return r.URL.Path == "/open" })(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	ask := func(path string) int {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	if status := ask("/"); status != http.StatusNoContent {
		t.Errorf("before: %d", status)
	}
	s.become(2, false)
	testkit.Eventually(t, "the other one is noticed", g.Refusing)
	if closed, open := ask("/"), ask("/open"); closed != http.StatusServiceUnavailable || open != http.StatusNoContent {
		t.Errorf("closed %d, open %d", closed, open)
	}
}
