package proxy

import (
	"errors"
	"io"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
)

// source reads the body of a cell's answer, whatever its framing.
type source struct {
	conn   *upstream.Conn
	resp   *http1.Response
	in     *wire.Buffer
	data   []byte
	left   int64
	chunks http1.Chunks
}

func newSource(x *exchange, conn *upstream.Conn, in *wire.Buffer) *source {
	s := &source{conn: conn, resp: &x.resp, in: in, left: x.resp.ContentLength}
	s.data = conn.Data()
	conn.Use(len(s.data))
	return s
}

// next returns the next run of the body, which may be empty, and [io.EOF] after
// the last.
func (s *source) next() ([]byte, error) {
	if s.resp.Chunked && s.chunks.Done() || s.resp.ContentLength >= 0 && s.left == 0 {
		if len(s.data) > 0 {
			s.resp.Close = true // it said more than its answer: do not ask it again on this connection
		}
		return nil, io.EOF
	}
	if len(s.data) == 0 {
		n, err := s.conn.Read(s.in.B)
		if err != nil {
			if errors.Is(err, io.EOF) && !s.resp.Chunked && s.resp.ContentLength < 0 {
				return nil, io.EOF // a body that ends with its connection
			}
			if errors.Is(err, io.EOF) {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, err
		}
		s.data = s.in.B[:n]
	}
	switch {
	case s.resp.Chunked:
		data, used, err := s.chunks.Next(s.data)
		s.data = s.data[used:]
		return data, err
	case s.resp.ContentLength >= 0:
		n := min(s.left, int64(len(s.data)))
		piece := s.data[:n]
		s.data = s.data[n:]
		s.left -= n
		return piece, nil
	}
	piece := s.data
	s.data = nil
	return piece, nil
}
