package socket

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

const backlog = 4096

// Listen listens on a loopback port.
func Listen(port int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := listen(fd, port); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("listen on 127.0.0.1:%d: %w", port, err)
	}
	return fd, nil
}

func listen(fd, port int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	return unix.Listen(fd, backlog)
}

// Accept returns the next connection, -1 if there is none.
func Accept(listener int) (int, error) {
	fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	switch err {
	case nil:
		return fd, noDelay(fd)
	case unix.EAGAIN, unix.EINTR, unix.ECONNABORTED:
		return -1, nil
	}
	return -1, fmt.Errorf("accept: %w", err)
}

// Dial connects to an address on this machine. From, if valid, is the source
// address; one source has about 28,000 connections to one listener.
func Dial(to netip.AddrPort, from netip.Addr) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := connect(fd, to, from); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("connect to %s: %w", to, err)
	}
	return fd, nil
}

// connect waits: on loopback there is either a place in the listener's queue or
// a refusal.
func connect(fd int, to netip.AddrPort, from netip.Addr) error {
	if from.IsValid() {
		// The port is chosen by connect, when the whole pair is known.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()}); err != nil {
			return err
		}
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return err
	}
	if err := noDelay(fd); err != nil {
		return err
	}
	return unix.SetNonblock(fd, true)
}

func noDelay(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) }

// None is no descriptor: reading and writing it fail.
const None = -1

// Close closes a descriptor.
func Close(fd int) { _ = unix.Close(fd) }
