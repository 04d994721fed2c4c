package listen

import (
	"crypto/tls"
	"net"
	"net/netip"
	"time"
)

// prepare reads the PROXY header and shakes hands, in a goroutine of the
// connection's own, in bounded time.
func (l *Listener) prepare(conn *Conn, header bool) {
	ready := l.introduce(conn, header)
	l.preparing.Add(-1)
	if ready != nil {
		l.deliver(ready)
	}
}

// introduce returns nil if the connection was refused.
func (l *Listener) introduce(conn *Conn, header bool) Peer {
	if header {
		if !l.readHeader(conn) || !l.count(conn) {
			return nil
		}
	}
	if l.tls == nil {
		return conn
	}
	return l.shakeHands(conn)
}

func (l *Listener) readHeader(conn *Conn) bool {
	source, err := withDeadline(conn, headerTimeout, func() (netip.AddrPort, error) { return readProxyHeader(conn.Conn) })
	if err != nil {
		l.refuse(conn, refusedHeader)
		return false
	}
	if source.IsValid() {
		conn.remote, conn.addr = source, net.TCPAddrFromAddrPort(source)
		conn.trusted = contains(l.opts.Trusted, source.Addr())
	}
	return true
}

func (l *Listener) shakeHands(conn *Conn) Peer {
	session := tls.Server(conn, l.tls)
	_, err := withDeadline(conn, l.opts.HandshakeTimeout, func() (struct{}, error) { return struct{}{}, session.Handshake() }) //nolint:noctx // the deadline bounds it
	if err != nil {
		l.metrics.refused.WithLabelValues(refusedHandshake).Inc()
		_ = conn.Close() // no reset: the alert should arrive
		return nil
	}
	return &TLSConn{Conn: session, raw: conn}
}

// withDeadline runs step under a deadline and takes the deadline off again.
func withDeadline[T any](conn net.Conn, limit time.Duration, step func() (T, error)) (T, error) {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		var none T
		return none, err
	}
	result, err := step()
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	return result, err
}
