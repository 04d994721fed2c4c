package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxDrain bounds the connections taken from the queue at the end, should they
// come as fast as they are taken.
const maxDrain = 4096

func listenTCP(addr string, reusePort bool) (*net.TCPListener, error) {
	config := net.ListenConfig{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveEvery, Count: keepAliveCount},
	}
	config.SetMultipathTCP(false) // Go's default for listeners; such a socket cannot be handed over
	if reusePort {
		config.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
			return errors.Join(err, failed)
		}
	}
	// Listening does not take long enough to need a context.
	ln, err := config.Listen(context.Background(), "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: it is taken; choose another, or let both listeners share it by ReusePort: %w", addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln.(*net.TCPListener), nil
}

// drainAndClose takes the connections that the kernel has established already,
// and closes the socket. Between the last look and the close there is
// nothing but these two system calls.
func drainAndClose(ln *net.TCPListener) ([]net.Conn, error) {
	raw, err := ln.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	var fds []int
	err = raw.Control(func(listener uintptr) {
		for len(fds) < maxDrain {
			fd, _, err := unix.Accept4(int(listener), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			switch {
			case errors.Is(err, unix.EINTR) || errors.Is(err, unix.ECONNABORTED):
				continue
			case err != nil: // usually EAGAIN: the queue is empty
				return
			}
			fds = append(fds, fd)
		}
	})
	err = errors.Join(err, ln.Close())
	conns := make([]net.Conn, 0, len(fds))
	for _, fd := range fds {
		if conn, adoptErr := adopt(fd); adoptErr == nil {
			conns = append(conns, conn)
		}
	}
	return conns, err
}

// adopt makes a connection of the net package of a descriptor.
func adopt(fd int) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "tcp")
	conn, err := net.FileConn(file) // has a copy of the descriptor
	return conn, errors.Join(err, file.Close())
}

// reset closes a connection without leaving anything of it in the kernel.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails, the connection is closed the slow way
	}
	_ = conn.Close()
}
