package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/socket"
)

// Requests is a sequence of requests and of the right answers' beginnings.
type Requests interface {
	Append(b []byte, i int) []byte
	AppendWant(b []byte, i int) []byte
}

// Options says what to send where.
type Options struct {
	To          netip.AddrPort
	Connections int
	Requests    Requests
	From, Count int // the first request's number, and how many
	WarmUp      int // of Count, so many first ones whose latency is not recorded: connections are new then
	AnswerSize  int // bytes of every body
	Processor   int // where the generator runs; negative: anywhere
}

const (
	silence   = 10 * time.Second // a run ends when nothing is answered for so long
	maxErrors = 1000             // and after so many wrong answers
)

// conn is one connection and the request on it.
type conn struct {
	fd       int
	busy     bool
	request  int
	intended time.Time
	in       []byte
}

// generator is one run, on one thread.
type generator struct {
	opts      Options
	poller    *socket.Poller
	conns     []*conn // by descriptor; nil: not ours
	live      []*conn
	source    netip.Addr // of the connections; invalid: the kernel's choice
	held      bool       // a lost connection stays lost
	out, want []byte
	result    *Result
	err       error       // ends the run
	freed     func(*conn) // a connection has its answer
}

// start runs what the generator does on a thread that ends with it.
func start(opts Options, run func(*generator) error) (*Result, error) {
	g := &generator{opts: opts, result: newResult()}
	done := make(chan error, 1)
	go func() {
		err := socket.OwnThread(opts.Processor)
		if err == nil {
			err = g.open()
		}
		if err == nil {
			err = run(g)
		}
		g.close()
		done <- err
	}()
	return g.result, <-done
}

func (g *generator) open() (err error) {
	if g.poller, err = socket.NewPoller(); err != nil {
		return err
	}
	for range g.opts.Connections {
		if err := g.add(); err != nil {
			return err
		}
	}
	return nil
}

// add opens one more connection.
func (g *generator) add() error {
	c := &conn{fd: socket.None, in: make([]byte, 0, maxAnswer)}
	g.live = append(g.live, c)
	return g.connect(c)
}

func (g *generator) connect(c *conn) error {
	fd, err := socket.Dial(g.opts.To, g.source)
	if err != nil {
		return err
	}
	for fd >= len(g.conns) {
		g.conns = append(g.conns, nil)
	}
	c.fd, c.busy, c.in = fd, false, c.in[:0]
	g.conns[fd] = c
	return g.poller.Add(fd)
}

func (g *generator) close() {
	for _, c := range g.live {
		if c.fd >= 0 {
			socket.Close(c.fd)
		}
	}
	if g.poller != nil {
		_ = g.poller.Close()
	}
}

// send puts the request's text on the connection.
func (g *generator) send(c *conn, request int, intended time.Time) {
	g.out = g.opts.Requests.Append(g.out[:0], request)
	c.busy, c.request, c.intended = true, request, intended
	if err := socket.Write(c.fd, g.out); err != nil {
		g.lost(c, err)
	}
}

// ready reads from a connection; a whole answer frees it.
func (g *generator) ready(fd int) {
	c := g.conns[fd]
	if c == nil {
		return // lost by what came before it in the same batch
	}
	n, err := socket.Read(fd, c.in[len(c.in):cap(c.in)])
	if err != nil {
		g.lost(c, err)
		return
	}
	c.in = c.in[:len(c.in)+n]
	a, end, err := parse(c.in)
	switch {
	case err != nil:
		g.lost(c, err)
	case end == 0 && len(c.in) < cap(c.in): // the rest is on its way
	case end != len(c.in) || !c.busy:
		g.lost(c, fmt.Errorf("more than one answer: %q", c.in))
	default:
		g.answered(c, &a)
	}
}

func (g *generator) answered(c *conn, a *answer) {
	g.want = g.opts.Requests.AppendWant(g.want[:0], c.request)
	err := a.check(g.want, g.opts.AnswerSize)
	if err != nil {
		g.result.fail(err, a.refused())
	}
	c.busy, c.in = false, c.in[:0]
	g.done(c, err == nil)
}

// lost replaces a connection that ended or brought nonsense. That it ended
// between two requests is the other side's right.
func (g *generator) lost(c *conn, cause error) {
	if c.fd != socket.None {
		socket.Close(c.fd)
		g.conns[c.fd] = nil
		c.fd = socket.None
	}
	wasBusy := c.busy
	c.busy = false
	if wasBusy || !errors.Is(cause, socket.ErrClosed) {
		g.result.fail(cause, false)
	}
	if g.result.Errors >= maxErrors {
		g.err = g.result.Err() // and no further attempt
		return
	}
	if !g.held {
		g.err = g.connect(c)
	}
	if g.err == nil && wasBusy {
		g.done(c, false)
	}
}

func (g *generator) done(c *conn, served bool) {
	g.result.Requests++
	defer g.freed(c)
	if c.request < g.opts.From+g.opts.WarmUp {
		return
	}
	latency := longest
	if served {
		latency = min(longest, time.Since(c.intended))
	}
	_ = g.result.Latency.RecordValue(latency.Nanoseconds()) // within the histogram's bounds
}

// drive waits for answers until all are there; pause says when it wants to
// act by itself next.
func (g *generator) drive(ctx context.Context, pause func() time.Duration) error {
	begin := time.Now()
	seen, last := 0, begin
	for g.result.Requests < g.opts.Count && g.err == nil && ctx.Err() == nil {
		if err := g.poller.Wait(pause(), g.ready); err != nil {
			return err
		}
		if g.result.Errors >= maxErrors {
			break
		}
		if now := time.Now(); g.result.Requests != seen {
			seen, last = g.result.Requests, now
		} else if now.Sub(last) > silence {
			return fmt.Errorf("no answer for %s after %d of %d", silence, seen, g.opts.Count)
		}
	}
	g.result.Took = time.Since(begin)
	return errors.Join(g.err, ctx.Err())
}
