package proxy

import (
	"errors"
	"io"
	"os"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/shared/fault"
)

var (
	errExpect    = fault.New(fault.Invalid, "only Expect: 100-continue is supported")
	errShortBody = fault.New(fault.Malformed, "the body ended before its length")
	errSlowBody  = fault.New(fault.Timeout, "the body did not arrive in time")
)

const continueLine = "HTTP/1.1 100 Continue\r\n\r\n"

// takeBody reads a small body, so that it can be sent twice, and leaves others
// to stream. A client that waits for leave to send gets it here: everything
// that could refuse the request by its header comes before.
func (p *Proxy) takeBody(x *exchange) error {
	r, s := &x.req, x.s
	if !r.HasBody() {
		return nil
	}
	most := int64(MaxReplayBody)
	if p.holding(x) {
		if most = hold.MaxBody; r.ContentLength > most {
			return hold.ErrTooLarge
		}
	}
	if expect := r.Get(http1.Expect); expect != nil {
		if !http1.EqualFold(expect, "100-continue") {
			return errExpect
		}
		if len(s.data) == 0 && !r.HTTP10 {
			if _, err := s.conn.Write([]byte(continueLine)); err != nil {
				return gone(err)
			}
		}
	}
	switch {
	case r.Chunked && x.takeChunks():
		if x.maxBody > 0 && int64(len(x.body)) > x.maxBody {
			return tooLarge(x.maxBody)
		}
		return nil
	case r.Chunked || r.ContentLength > most:
		x.upload = newUpload(x)
		return nil
	}
	return x.takeLength(int(r.ContentLength))
}

// takeLength reads n octets, without copying if they have all come already.
func (x *exchange) takeLength(n int) error {
	s := x.s
	if len(s.data) >= n {
		x.body, s.data = s.data[:n:n], s.data[n:]
		x.bodyRead = true
		return nil
	}
	if cap(x.bodyBuffer) < n {
		x.bodyBuffer = make([]byte, n)
	}
	b := x.bodyBuffer[:n]
	have := copy(b, s.data)
	s.data = nil
	s.conn.Expire(x.deadline)
	for have < n {
		got, err := s.conn.Await(func() []byte { return b[have:] })
		if err != nil {
			return gone(err)
		}
		have += len(got)
	}
	x.body, x.bodyRead = b, true
	return nil
}

// takeChunks takes a chunked body if it has come whole.
func (x *exchange) takeChunks() bool {
	var chunks http1.Chunks
	in, b := x.s.data, x.bodyBuffer[:0]
	for len(in) > 0 && !chunks.Done() {
		data, used, err := chunks.Next(in)
		if err != nil {
			return false // the upload will meet it again, and answer
		}
		b, in = append(b, data...), in[used:]
	}
	x.bodyBuffer = b
	if !chunks.Done() || len(b) > MaxReplayBody {
		return false
	}
	x.body, x.s.data, x.bodyRead = b, in, true
	return true
}

// gone turns an error of the client's connection into a fault that may still
// be readable at its other end.
func gone(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlowBody
	case errors.Is(err, io.EOF):
		return errShortBody
	}
	return fault.Wrap(err, fault.Malformed, "%s", errShortBody.Message)
}
