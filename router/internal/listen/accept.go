package listen

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// run accepts until Close.
func (l *Listener) run() {
	defer close(l.closed)
	for {
		conn, err := l.tcp.Accept()
		switch {
		case err == nil:
			l.admit(conn)
		case l.isClosing():
			if l.opts.ReusePort {
				l.acceptTheRest()
			}
			var rest []net.Conn
			rest, l.closeErr = drainAndClose(l.tcp)
			for _, conn := range rest {
				l.admit(conn)
			}
			return
		case errors.Is(err, net.ErrClosed):
			return
		default:
			l.opts.Log.Error("accepting a connection failed; trying again", "err", err)
			l.pause() // usually: no descriptor is left
		}
	}
}

func (l *Listener) isClosing() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

// pause lets connections end before the next one is accepted.
func (l *Listener) pause() {
	timer := time.NewTimer(50 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
}

// admit applies the caps that need no word from the client.
func (l *Listener) admit(socket net.Conn) {
	l.metrics.accepted.Inc()
	remote := addrPortOf(socket)
	conn := &Conn{Conn: socket, listener: l, remote: remote, trusted: contains(l.opts.Trusted, remote.Addr())}
	if l.open.Add(1) > int64(l.opts.MaxConns) {
		l.refuse(conn, refusedConns)
		return
	}
	header := l.opts.ProxyProtocol && conn.trusted
	if !header && !l.count(conn) {
		return
	}
	if !header && l.tls == nil {
		l.deliverUnlessClosing(conn)
		return
	}
	if l.preparing.Add(1) > maxPreparing {
		l.preparing.Add(-1)
		l.refuse(conn, refusedPreparing)
		return
	}
	l.work.Go(func() { l.prepare(conn, header) })
}

func addrPortOf(conn net.Conn) netip.AddrPort {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// count applies the cap of connections per client address.
func (l *Listener) count(conn *Conn) bool {
	if l.opts.MaxConnsPerAddr <= 0 || conn.trusted && conn.addr == nil {
		return true
	}
	if !l.clients.enter(conn.remote.Addr(), l.opts.MaxConnsPerAddr) {
		l.refuse(conn, refusedPerAddr)
		return false
	}
	conn.counted = true
	return true
}

// deliverUnlessClosing is for the accepting goroutine: Close waits for it, so
// from then on it must not wait for Accept.
func (l *Listener) deliverUnlessClosing(conn *Conn) {
	select {
	case l.ready <- conn:
	case <-l.closing:
		l.work.Go(func() { l.deliver(conn) })
	}
}

// deliver hands a connection to Accept.
func (l *Listener) deliver(conn Peer) {
	select {
	case l.ready <- conn:
	case <-l.abandoned:
		l.metrics.refused.WithLabelValues(refusedNobodyLeft).Inc()
		_ = conn.Close()
	}
}

func (l *Listener) refuse(conn *Conn, reason string) {
	l.metrics.refused.WithLabelValues(reason).Inc()
	conn.closed.Store(true)
	l.left(conn)
	reset(conn.Conn)
}

// left gives the place of a connection back.
func (l *Listener) left(conn *Conn) {
	l.open.Add(-1)
	if conn.counted {
		l.clients.leave(conn.remote.Addr())
	}
}
