package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Conn is a connection whose owner is one goroutine at a time; only Expire,
// Interrupt and Close may be called by others.
type Conn struct {
	net.Conn
	raw     syscall.RawConn // nil: not a plain socket
	expires atomic.Int64    // Unix nanoseconds, or one of the values below
	Idle    atomic.Bool     // for the owner to say that nothing is lost if the connection is closed

	// Parked, if not nil, is called when a wait begins for which there was nothing
	// to read yet, for the owner to take its buffer back.
	Parked func()

	// One Exchange or Await at a time uses these; they are fields because a
	// closure over locals would be allocated for each.
	step  func(fd uintptr) bool
	peek  func(fd uintptr)
	one   [1]byte
	quiet bool
	out   []byte
	in    func() []byte
	n     int
	got   []byte
	err   error
}

// plain is what a connection must offer to be driven by its descriptor.
type plain interface {
	SyscallConn() (syscall.RawConn, error)
}

// New wraps a connection. One that is a plain socket is driven by its
// descriptor; every other (TLS) through its own Read and Write.
func New(nc net.Conn) *Conn {
	c := &Conn{Conn: nc}
	if p, ok := nc.(plain); ok {
		if raw, err := p.SyscallConn(); err == nil {
			c.raw = raw
			c.step, c.peek = c.try, c.look
		}
	}
	return c
}

// Await waits until something can be read and reads it into the buffer that
// buffer returns; buffer is called when there is something, perhaps more than
// once, so that a connection that waits need not hold one. It returns the
// buffer's first n octets.
func (c *Conn) Await(buffer func() []byte) ([]byte, error) {
	if c.raw == nil {
		b := buffer()
		n, err := c.Read(b)
		return b[:n], err
	}
	return c.run(nil, buffer)
}

// Exchange writes out and then does what Await does, without looking for
// something to read before: nothing may be unread on the connection when it
// is called.
func (c *Conn) Exchange(out []byte, buffer func() []byte) ([]byte, error) {
	if c.raw == nil || len(out) == 0 {
		if _, err := c.Write(out); err != nil {
			return nil, err
		}
		return c.Await(buffer)
	}
	return c.run(out, buffer)
}

func (c *Conn) run(out []byte, buffer func() []byte) ([]byte, error) {
	c.out, c.in, c.err, c.n, c.got = out, buffer, nil, 0, nil
	err := c.raw.Read(c.step)
	out, got, n := c.out, c.got, c.n
	c.out, c.in, c.got = nil, nil, nil
	switch {
	case err != nil:
		return nil, err
	case c.err != nil:
		return nil, c.err
	case len(out) > 0: // the socket's buffer is full: go on the patient way
		if _, err := c.Write(out); err != nil {
			return nil, err
		}
		return c.run(nil, buffer)
	case n == 0:
		return nil, io.EOF
	}
	return got[:n], nil
}

// try is called by the poller with the descriptor: first at once, then each
// time it becomes readable. It returns false to wait.
func (c *Conn) try(fd uintptr) bool {
	if len(c.out) > 0 {
		n, err := ignoringEINTR(unix.Write, int(fd), c.out)
		switch {
		case err == nil && n == len(c.out):
			c.out = nil
			return false // the answer cannot be there yet, and its arrival will wake us
		case err == nil:
			c.out = c.out[n:]
		case !errors.Is(err, unix.EAGAIN):
			c.err = os.NewSyscallError("write", err)
			c.out = nil
		}
		return true
	}
	c.got = c.in()
	n, err := ignoringEINTR(unix.Read, int(fd), c.got)
	if err != nil {
		if errors.Is(err, unix.EAGAIN) {
			if c.got = nil; c.Parked != nil {
				c.Parked()
			}
			return false
		}
		c.err = os.NewSyscallError("read", err)
		return true
	}
	c.n = n
	return true
}

func ignoringEINTR(call func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	for {
		n, err := call(fd, p)
		if err != unix.EINTR { //nolint:errorlint // an errno, and the hot path
			return n, err
		}
	}
}

// Quiet reports whether the peer has kept the connection open and said nothing:
// neither an end nor octets that nobody asked for. Of TLS it cannot tell.
func (c *Conn) Quiet() bool {
	if c.raw == nil {
		return true
	}
	return c.raw.Control(c.peek) == nil && c.quiet
}

func (c *Conn) look(fd uintptr) {
	// The system call itself: [unix.Recvfrom] allocates an address.
	_, _, errno := unix.Syscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&c.one[0])), 1, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // G103: the buffer outlives the call
	c.quiet = errno == unix.EAGAIN
}

// Plain reports whether Exchange saves anything.
func (c *Conn) Plain() bool { return c.raw != nil }

// Values of expires that are no time.
const (
	never  = 0
	firing = -1 // a Reaper is about to interrupt the wait
	fired  = -2 // it has
)

// Expire sets when the connection's current wait is to end; the zero time means
// never. The wait then fails with [os.ErrDeadlineExceeded]. Setting it again
// undoes an interruption that has come meanwhile: what was read in that very
// moment is not lost, and what is written next is sent.
func (c *Conn) Expire(at time.Time) {
	next := int64(never)
	if !at.IsZero() {
		next = at.UnixNano()
	}
	for {
		switch old := c.expires.Load(); {
		case old == firing:
			runtime.Gosched()
		case !c.expires.CompareAndSwap(old, next):
		case old == fired:
			_ = c.SetDeadline(time.Time{}) // fails only if it is closed
			return
		default:
			return
		}
	}
}

// expireIfOverdue is the Reaper's side of Expire.
func (c *Conn) expireIfOverdue(now int64) {
	if at := c.expires.Load(); at > 0 && at < now && c.expires.CompareAndSwap(at, firing) {
		c.Interrupt()
		c.expires.Store(fired)
	}
}

// Interrupt ends the current wait, and every later one, at once.
func (c *Conn) Interrupt() { _ = c.SetDeadline(past) } // fails only if it is closed, which ends waits, too

var past = time.Unix(1, 0)
