package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/coditect/platform/router/internal/wire"
)

// acceptPause is how long to wait when the process has no descriptor left:
// connections wait in the kernel's queue meanwhile.
const acceptPause = 50 * time.Millisecond

// Serve serves a listener until Shutdown, or until it is closed.
func (p *Proxy) Serve(listener net.Listener) error {
	p.mu.Lock()
	p.listeners = append(p.listeners, listener)
	p.mu.Unlock()
	for {
		nc, err := listener.Accept()
		switch {
		case err == nil:
			p.sessions.Add(1)
			go p.session(nc)
		case errors.Is(err, net.ErrClosed):
			return nil
		case isTemporary(err):
			p.metrics.acceptErrors.Inc()
			<-time.After(acceptPause)
		default:
			return fmt.Errorf("accept on %s: %w", listener.Addr(), err)
		}
	}
}

// isTemporary finds errors of one connection, and of the process for a while
// (EMFILE): the listener works on after them.
func isTemporary(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// session serves one client connection to its end.
func (p *Proxy) session(nc net.Conn) {
	defer p.sessions.Done()
	s := newSession(p, nc)
	p.clients.Watch(s.conn)
	p.metrics.connections.Inc()
	for s.next() {
	}
	p.metrics.connections.Dec()
	p.clients.Forget(s.conn)
	s.close()
}

// Drain makes the proxy unready and closes connections as they finish the
// request they are at; it still serves.
func (p *Proxy) Drain() { p.draining.Store(true) }

// Shutdown closes listeners and idle connections, and waits until the other
// connections have answered what they are at, or ctx ends.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.Drain()
	p.mu.Lock()
	for _, listener := range p.listeners {
		_ = listener.Close() // it may be closed already
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { p.sessions.Wait(); close(done) }()
	err := p.waitForSessions(ctx, done)
	p.cells.Close()
	p.stop()
	p.ticking.Wait()
	return err
}

func (p *Proxy) waitForSessions(ctx context.Context, done <-chan struct{}) error {
	tick := time.NewTicker(wire.Tick)
	defer tick.Stop()
	for {
		p.clients.Each(func(c *wire.Conn) {
			if c.Idle.Load() {
				c.Interrupt()
			}
		})
		select {
		case <-done:
			return nil
		case <-tick.C:
		case <-ctx.Done():
			n := p.clients.Len()
			p.clients.Each(func(c *wire.Conn) { c.Interrupt() })
			p.backends.Each(func(c *wire.Conn) { c.Interrupt() })
			<-done
			return fmt.Errorf("%d connections were still at a request: %w", n, context.Cause(ctx))
		}
	}
}
