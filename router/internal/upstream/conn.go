package upstream

import (
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/coditect/platform/router/internal/wire"
)

// Conn is a connection to a cell, with what was read from it and not used yet.
// It belongs to one request at a time, which ends with Release or Discard.
type Conn struct {
	*wire.Conn
	Reused  bool // it has carried a request before
	address *address
	since   time.Time // when it became idle
	buf     *wire.Buffer
	data    []byte // read, but not used
	buffer  func() []byte
}

// Send writes a whole request and waits for the first octets of the answer.
func (c *Conn) Send(request []byte) error {
	if len(c.data) > 0 {
		return errUnasked
	}
	data, err := c.Exchange(request, c.buffer)
	c.data = data
	return err
}

var errUnasked = errors.New("upstream: the cell spoke before it was asked")

// Data returns what was read and not used yet.
func (c *Conn) Data() []byte { return c.data }

// Use marks the first n octets of Data as used.
func (c *Conn) Use(n int) { c.data = c.data[n:] }

// More reads on. What is not used yet stays in front; when not even the largest
// buffer holds it all, the error is [wire.ErrFull].
func (c *Conn) More() error {
	if len(c.data) == 0 {
		data, err := c.Await(c.buffer)
		c.data = data
		return err
	}
	if len(c.data) >= wire.LargeBuffer {
		return wire.ErrFull
	}
	next := wire.GetLarge()
	n := copy(next.B, c.data)
	c.drop()
	c.buf = next
	got, err := c.Await(func() []byte { return next.B[n:] })
	c.data = next.B[:n+len(got)]
	return err
}

func (c *Conn) readBuffer() []byte {
	if c.buf == nil {
		c.buf = wire.GetSmall()
	}
	return c.buf.B
}

// Read implements [io.Reader]: first what was read already.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.data) > 0 {
		n := copy(p, c.data)
		c.data = c.data[n:]
		return n, nil
	}
	got, err := c.Await(func() []byte { return p })
	return len(got), err
}

// Release gives the connection back after a whole answer; with keep, for the
// next request.
func (c *Conn) Release(keep bool) {
	c.address.busy.Add(-1)
	c.address.succeeded()
	c.Expire(time.Time{})
	unasked := len(c.data) > 0
	c.drop()
	if !keep || unasked || c.address.ejected.Load() {
		c.close()
		return
	}
	c.address.keep(c)
}

// Discard closes a connection on which a request did not end well. Failed says
// that this was the cell's fault.
func (c *Conn) Discard(failed bool) {
	c.address.busy.Add(-1)
	if failed {
		c.address.failed()
	}
	c.drop()
	c.close()
}

func (c *Conn) drop() {
	c.data = nil
	if c.buf != nil {
		c.buf.Put()
		c.buf = nil
	}
}

func (c *Conn) close() {
	c.address.cell.owner.opts.Reaper.Forget(c.Conn)
	_ = c.Close() // nothing is on it that anyone waits for
	c.address.open.Add(-1)
}

// NothingSent reports whether err, of Get or Send, proves that the cell has
// executed nothing.
func NothingSent(err error) bool {
	var op *net.OpError
	return errors.Is(err, ErrEjected) || errors.Is(err, ErrTooMany) || errors.Is(err, errUnasked) ||
		errors.As(err, &op) && op.Op == "dial"
}

// Gone reports whether err means that the peer had closed the connection.
func Gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) || errors.Is(err, io.ErrUnexpectedEOF)
}
