package proxy

import (
	"net"
	"time"
)

// stallConn bounds silence, not length: each read and write has its own
// deadline, so that a long body that flows is never cut and one that stops is.
// Deadlines that fasthttp sets for whole messages have no effect.
type stallConn struct {
	net.Conn
	stall time.Duration
}

func (c *stallConn) Read(p []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *stallConn) Write(p []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// SetDeadline does nothing; see stallConn.
func (c *stallConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing; see stallConn.
func (c *stallConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing; see stallConn.
func (c *stallConn) SetWriteDeadline(time.Time) error { return nil }
