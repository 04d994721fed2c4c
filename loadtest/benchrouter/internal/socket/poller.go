package socket

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const eventsAtOnce = 256

// Poller waits for descriptors. It belongs to one goroutine.
type Poller struct {
	fd     int
	events [eventsAtOnce]unix.EpollEvent
}

// NewPoller returns a poller without descriptors.
func NewPoller() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &Poller{fd: fd}, nil
}

// Add waits for fd to be readable, level-triggered, until fd is closed.
func (p *Poller) Add(fd int) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &e)
}

// Wait calls ready for each readable descriptor. It returns after the first
// that are, or when the time is over; a negative time is endless.
func (p *Poller) Wait(atMost time.Duration, ready func(fd int)) error {
	n, err := p.wait(atMost)
	if err != nil {
		return err
	}
	for i := range n {
		ready(int(p.events[i].Fd))
	}
	return nil
}

// wait is epoll_pwait2(2), which counts in nanoseconds: at a constant rate of
// many thousands a second, epoll_wait's milliseconds are too coarse.
func (p *Poller) wait(atMost time.Duration) (int, error) {
	limit := unix.NsecToTimespec(max(0, atMost.Nanoseconds()))
	timeout := unsafe.Pointer(&limit) //nolint:gosec // G103: x/sys has no wrapper of this system call
	if atMost < 0 {
		timeout = nil
	}
	//nolint:gosec // G103: see above
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), eventsAtOnce, uintptr(timeout), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, fmt.Errorf("epoll_pwait2: %w", errno)
}

// Close forgets all descriptors; it closes none of them.
func (p *Poller) Close() error { return unix.Close(p.fd) }

// Read reads what is there. 0 and no error: nothing yet.
func Read(fd int, b []byte) (int, error) {
	n, err := unix.Read(fd, b)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, ErrClosed
	}
	return n, nil
}

// ErrClosed says that the peer has closed the connection.
var ErrClosed = errors.New("closed by the peer")

// Write writes all of b at once; it fails if the kernel does not take all.
func Write(fd int, b []byte) error {
	n, err := unix.Write(fd, b)
	if err == nil && n < len(b) {
		err = fmt.Errorf("%d of %d bytes written", n, len(b))
	}
	return err
}
