//go:build smuggling

package smuggling_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/web"
)

// echo is the answer header that says which request a server answers.
const echo = "Echo-Id"

// recorder notes every request and answers it.
type recorder struct {
	owner  *server
	signer *cellapi.Signer

	mu   sync.Mutex
	seen []sighting
}

// newRecorder serves on a port of its own, as the cell serves its API, until stop.
func newRecorder(t *testing.T, owner *server) (r *recorder, addr string, stop func(t *testing.T)) {
	t.Helper()
	r = &recorder{owner: owner, signer: owner.signer()}
	listener, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- web.Serve(ctx, web.ServerOptions{
			Name: owner.name, Listener: refusals{listener, r}, Handler: r, Log: slog.New(slog.DiscardHandler), ShutdownTimeout: time.Second,
		})
	}()
	stopped := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stopped() }) // checked where it was called first
	return r, listener.Addr().String(), func(t *testing.T) {
		t.Helper()
		if err := stopped(); err != nil {
			t.Error(err)
		}
	}
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id := req.Header.Get(cellapi.HeaderRequestID)
	if probe(req.Method, req.RequestURI, id) {
		return
	}
	body, err := io.ReadAll(req.Body)
	r.note(sighting{
		server: r.owner.name, id: id, method: req.Method, target: req.RequestURI, host: req.Host,
		body: digestOf(string(body)), whole: err == nil, wrong: wrongIn(req, r.signer, r.owner.id),
	})
	w.Header().Set(echo, id)
	_, _ = io.WriteString(w, "seen\n") // to a client that may be gone
}

func (r *recorder) note(s sighting) {
	r.mu.Lock()
	r.seen = append(r.seen, s)
	r.mu.Unlock()
}

func (r *recorder) all(*testing.T) []sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// refusals notes answers that net/http gives by itself, to what it cannot read:
// no handler sees those.
type refusals struct {
	net.Listener
	r *recorder
}

func (l refusals) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &refusingConn{conn, l.r}, nil
}

type refusingConn struct {
	net.Conn
	r *recorder
}

func (c *refusingConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("HTTP/1.1 4")) && !bytes.Contains(b, []byte(echo)) {
		c.r.note(sighting{server: c.r.owner.name, refused: true, line: string(b[:min(len(b), 200)])})
	}
	return c.Conn.Write(b)
}

// newStdlib is a server on net/http, served as the cell's API is.
func newStdlib(t *testing.T) *server {
	t.Helper()
	s := newServer("stdlib")
	r, addr, stop := newRecorder(t, s)
	s.endpoint, s.behind, s.stop = "http://"+addr, r.all, stop
	return s
}
