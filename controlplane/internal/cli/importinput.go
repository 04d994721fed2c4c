package cli

import (
	"context"
	"io"
	"sync/atomic"
)

// counted counts what is read through it.
type counted struct {
	r io.Reader
	n *atomic.Int64
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// interruptible returns a reader of r that ends with ctx. Nothing else ends a
// read from a terminal or a pipe to which nobody writes, and the HTTP transport
// waits for its reads before it gives up a request.
func interruptible(ctx context.Context, r io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = out.CloseWithError(context.Cause(ctx)) })
	go func() { // if r never returns, this ends with the process
		_, err := io.Copy(in, r)
		stop()
		_ = in.CloseWithError(err) // io.EOF for a nil error
	}()
	return out
}
