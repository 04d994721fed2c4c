package listen

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// Peer is what every accepted connection, a [*Conn] or a [*TLSConn], says of
// the other side.
type Peer interface {
	net.Conn
	Remote() netip.AddrPort // as RemoteAddr, without an allocation
	TLS() bool
	Trusted() bool
}

// Conn is an accepted connection. Once it is accepted, reading and writing are
// those of the socket.
type Conn struct {
	net.Conn
	listener *Listener
	remote   netip.AddrPort
	addr     net.Addr // remote, if it is not the socket's
	trusted  bool
	counted  bool // against MaxConnsPerAddr
	closed   atomic.Bool
}

// RemoteAddr returns the client's address: the one of the PROXY header, if
// there was one.
func (c *Conn) RemoteAddr() net.Addr {
	if c.addr != nil {
		return c.addr
	}
	return c.Conn.RemoteAddr()
}

// Remote returns the client's address, IPv4 as such.
func (c *Conn) Remote() netip.AddrPort { return c.remote }

// TLS reports whether the client speaks TLS with this process.
func (c *Conn) TLS() bool { return false }

// Trusted reports whether Remote is in a trusted network, so that what it says
// in X-Forwarded-For and X-Forwarded-Proto may be believed. Behind a load
// balancer that only passes bytes on, Remote is the client of the PROXY
// header: what its requests say is the client's own word.
func (c *Conn) Trusted() bool { return c.trusted }

// NetConn returns the socket.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// SyscallConn gives the socket itself: nothing of the connection is buffered here.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return socket.SyscallConn()
}

// CloseWrite ends the sending direction.
func (c *Conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Close closes the socket and gives its place back.
func (c *Conn) Close() error {
	if !c.closed.Swap(true) {
		c.listener.left(c)
	}
	return c.Conn.Close()
}

// TLSConn is an accepted connection whose handshake is done.
type TLSConn struct {
	*tls.Conn
	raw *Conn
}

// Remote returns the client's address, IPv4 as such.
func (c *TLSConn) Remote() netip.AddrPort { return c.raw.remote }

// TLS is true.
func (c *TLSConn) TLS() bool { return true }

// Trusted is as for [Conn.Trusted].
func (c *TLSConn) Trusted() bool { return c.raw.trusted }
