package servers

import (
	"context"
	"net"
	"time"
)

// dialer dials for a protocol library that knows no contexts: the connection
// and the handshake on it end with ctx.
func dialer(ctx context.Context) func(network, address string) (net.Conn, error) {
	return func(network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		deadline, ok := ctx.Deadline()
		if !ok {
			deadline = time.Now().Add(probeLimit)
		}
		return conn, conn.SetDeadline(deadline)
	}
}

// acceptsConnections is the ready check for a protocol that has no better one.
func acceptsConnections(ctx context.Context, port int) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp4", loopback(port))
	if err != nil {
		return err
	}
	return conn.Close()
}
