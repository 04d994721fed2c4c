package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/router/internal/wire"
)

// address is one address of a cell.
type address struct {
	cell *Cell
	addr string

	mu   sync.Mutex
	idle []*Conn // most recently used last, so that few connections stay warm

	open     atomic.Int32
	busy     atomic.Int32
	failures atomic.Int32 // in a row
	badProbe atomic.Int32 // in a row
	ejected  atomic.Bool
}

// kept returns a kept connection that is still open, or nil.
func (a *address) kept() *Conn {
	now := a.cell.owner.opts.Reaper.Now()
	for {
		a.mu.Lock()
		last := len(a.idle) - 1
		if last < 0 {
			a.mu.Unlock()
			return nil
		}
		conn := a.idle[last]
		a.idle[last] = nil
		a.idle = a.idle[:last]
		a.mu.Unlock()
		// What came unasked would be taken for the next request's answer, which
		// may be another tenant's.
		if now.Sub(conn.since) < idleTimeout && conn.Quiet() {
			a.busy.Add(1)
			conn.Reused = true
			return conn
		}
		conn.close()
	}
}

func (a *address) dial(ctx context.Context) (*Conn, error) {
	if int(a.open.Add(1)) > a.cell.owner.opts.MaxConns {
		a.open.Add(-1)
		return nil, ErrTooMany
	}
	nc, err := a.connect(ctx)
	if err != nil {
		a.open.Add(-1)
		a.failed()
		return nil, err
	}
	conn := &Conn{Conn: wire.New(nc), address: a}
	conn.buffer = conn.readBuffer
	a.busy.Add(1)
	a.cell.owner.opts.Reaper.Watch(conn.Conn)
	return conn, nil
}

func (a *address) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.addr)
	if err != nil || a.cell.tls == nil {
		return nc, err
	}
	secure := tls.Client(nc, a.cell.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

// keep takes a connection back.
func (a *address) keep(conn *Conn) {
	conn.since = a.cell.owner.opts.Reaper.Now()
	a.mu.Lock()
	full := len(a.idle) >= maxIdle
	if !full {
		a.idle = append(a.idle, conn)
	}
	a.mu.Unlock()
	switch {
	case full:
		conn.close()
	case a.gone():
		a.closeIdle()
	}
}

// gone reports whether the cell has moved to another endpoint.
func (a *address) gone() bool {
	select {
	case <-a.cell.retired:
		return true
	default:
		return false
	}
}

// closeStale closes connections that were idle for too long.
func (a *address) closeStale(now time.Time) {
	a.mu.Lock()
	var stale []*Conn
	for len(a.idle) > 0 && now.Sub(a.idle[0].since) >= idleTimeout {
		stale = append(stale, a.idle[0])
		a.idle = a.idle[1:]
	}
	a.mu.Unlock()
	for _, conn := range stale {
		conn.close()
	}
}

func (a *address) closeIdle() {
	a.mu.Lock()
	idle := a.idle
	a.idle = nil
	a.mu.Unlock()
	for _, conn := range idle {
		conn.close()
	}
}
