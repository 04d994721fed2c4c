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
	if !p.adopt(listener) {
		return listener.Close()
	}
	defer p.sessions.Done()
	for {
		nc, err := listener.Accept()
		switch {
		case err == nil:
			p.sessions.Add(1)
			go p.begin(nc)
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

// adopt makes Shutdown close the listener and wait for its Serve; false: it is
// too late for that.
func (p *Proxy) adopt(listener net.Listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.listeners = append(p.listeners, listener)
	p.sessions.Add(1)
	return true
}

// isTemporary finds errors of one connection, and of the process for a while
// (EMFILE): the listener works on after them.
func isTemporary(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// begin serves a new client connection.
func (p *Proxy) begin(nc net.Conn) {
	s := newSession(p, nc)
	p.clients.Watch(s.conn)
	p.metrics.connections.Inc()
	p.carryOn(s)
}

// carryOn serves requests until the connection ends or has been idle for a
// while. Then another goroutine waits: this one's stack has grown with the
// requests, and of 18,000 idle connections the stacks are most of the memory.
func (p *Proxy) carryOn(s *session) {
	for s.next() {
	}
	if s.naps {
		go p.nap(s)
		return
	}
	p.end(s)
}

// nap waits on a new, small stack for the rest of the time that a connection
// may be idle.
func (p *Proxy) nap(s *session) {
	if s.listen(idleTimeout-napAfter) != nil {
		p.end(s)
		return
	}
	p.carryOn(s)
}

func (p *Proxy) end(s *session) {
	p.metrics.connections.Dec()
	p.clients.Forget(s.conn)
	s.close()
	p.sessions.Done()
}

// Drain makes the proxy unready and closes connections as they finish the
// request they are at; it still serves.
func (p *Proxy) Drain() { p.draining.Store(true) }

// Shutdown closes listeners and idle connections, and waits until the other
// connections have answered what they are at, or ctx ends.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.Drain()
	p.mu.Lock()
	p.closed = true
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
