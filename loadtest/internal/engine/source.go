package engine

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// shareSource lets the kernel choose a port when the whole pair is known, so that
// one source address has all ports towards each target.
func shareSource(c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	return errors.Join(err, failed)
}
