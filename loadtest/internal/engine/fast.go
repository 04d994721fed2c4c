package engine

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

const bufferSize = 4096

// Fast is one connection, opened when it is needed. It belongs to one goroutine.
type Fast struct {
	opts   Options
	dialer net.Dialer
	conn   net.Conn
	shared sync.Mutex // held to change conn, and by Interrupt
	in     *bufio.Reader
	out    []byte
	answer fasthttp.Response
	used   bool // the connection has served a request
	opened int
}

// NewFast returns a client whose requests go through fasthttp's parser.
func NewFast(opts Options) *Fast {
	f := &Fast{opts: opts, in: bufio.NewReaderSize(nil, bufferSize)}
	if opts.Source.IsValid() {
		f.dialer.LocalAddr = &net.TCPAddr{IP: opts.Source.AsSlice()}
		f.dialer.Control = func(_, _ string, c syscall.RawConn) error { return shareSource(c) }
	}
	return f
}

// Do sends a request and reads the whole answer. A server may close a connection
// between two requests; a GET that meets this is sent once more.
func (f *Fast) Do(ctx context.Context, r *Request) (status int, err error) {
	reused := f.used
	status, err = f.try(ctx, r)
	if err != nil && reused && r.Method == http.MethodGet && (errors.Is(err, io.EOF) || Code(0, err) == Reset) {
		status, err = f.try(ctx, r)
	}
	return status, err
}

func (f *Fast) try(ctx context.Context, r *Request) (int, error) {
	if f.conn == nil {
		ctx, cancel := context.WithTimeout(ctx, f.opts.Timeout)
		conn, err := f.dialer.DialContext(ctx, "tcp", f.opts.Address)
		cancel()
		if err != nil {
			return 0, err
		}
		f.opened++
		f.hold(conn)
		f.in.Reset(conn)
	}
	f.out = appendRequest(f.out[:0], r)
	err := f.conn.SetDeadline(time.Now().Add(f.opts.Timeout))
	if err == nil {
		err = ctx.Err() // an interruption from now on comes after our deadline
	}
	if err == nil {
		_, err = f.conn.Write(f.out)
	}
	if err == nil {
		f.answer.SkipBody = r.Method == http.MethodHead
		err = f.answer.Read(f.in)
	}
	if err != nil || f.answer.ConnectionClose() {
		f.Close()
	}
	f.used = f.conn != nil
	return f.answer.StatusCode(), err
}

// Opened is how many connections were opened so far.
func (f *Fast) Opened() int { return f.opened }

// Close closes the connection; the next request opens another.
func (f *Fast) Close() {
	if f.conn != nil {
		_ = f.conn.Close() // nothing more is wanted of it
		f.hold(nil)
		f.used = false
	}
}

func (f *Fast) hold(conn net.Conn) {
	f.shared.Lock()
	defer f.shared.Unlock()
	f.conn = conn
}

// Interrupt ends a request under way, after its context has ended. Any goroutine may
// call it.
func (f *Fast) Interrupt() {
	f.shared.Lock()
	defer f.shared.Unlock()
	if f.conn != nil {
		_ = f.conn.SetDeadline(time.Unix(1, 0)) // a connection that is closed needs none
	}
}

func appendRequest(b []byte, r *Request) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.Path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	if r.Key != "" {
		b = append(b, "\r\nAuthorization: Bearer "...)
		b = append(b, r.Key...)
	}
	if r.Once != "" {
		b = append(b, "\r\nIdempotency-Key: "...)
		b = append(b, r.Once...)
	}
	if len(r.Body) > 0 {
		b = append(b, "\r\nContent-Type: "...)
		b = append(b, r.contentType()...)
	}
	if len(r.Body) > 0 || r.Method == http.MethodPost {
		b = append(b, "\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.Body)), 10)
	}
	b = append(b, "\r\n\r\n"...)
	return append(b, r.Body...)
}
