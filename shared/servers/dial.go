package servers

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
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

// askMapper asks an Erlang port mapper for the names it knows. The answer
// begins with the mapper's own port, in four bytes.
func askMapper(ctx context.Context, port int) error {
	const namesRequest = "\x00\x01n" // a length of one byte, and the byte
	conn, err := dialer(ctx)("tcp4", loopback(port))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the answer counts
	if _, err := io.WriteString(conn, namesRequest); err != nil {
		return err
	}
	var answer uint32
	if err := binary.Read(conn, binary.BigEndian, &answer); err != nil {
		return err
	}
	if int(answer) != port {
		return fmt.Errorf("the port mapper on port %d says it is on %d", port, answer)
	}
	return nil
}
