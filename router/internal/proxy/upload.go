package proxy

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/coditect/platform/router/internal/hold"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
)

// upload is a body that goes through as it comes. It runs beside the wait for
// the answer, since a cell may answer before the body has ended.
//
// Of a body that could be held (hold.MaxBody) a copy is kept on the way, as far
// as memory is set aside for that: the cell may turn out to be frozen, or the
// tenant gone, and then the same body goes to the next cell.
type upload struct {
	s      *session
	length int64 // -1: chunked
	chunks http1.Chunks
	left   int64
	most   int64 // octets of a chunked body; 0: unbounded
	sent   int64
	keep   bool
	kept   []byte

	done    chan struct{} // closed when nothing more will be read from the client; nil: not begun
	whole   atomic.Bool   // the body has come to its end
	bad     atomic.Bool   // the client broke it off, or it was not well-formed
	tooLong atomic.Bool
}

// replayBytes bounds the copies of all uploads together.
const replayBytes = 64 << 20

var errLongBody = errors.New("proxy: the body is longer than allowed")

func newUpload(x *exchange) *upload {
	u := &upload{s: x.s, length: x.req.ContentLength, left: x.req.ContentLength, most: x.maxBody}
	if p := x.s.p; u.length >= 0 && u.length <= hold.MaxBody {
		if u.keep = p.replaying.Add(u.length) <= replayBytes; !u.keep {
			p.replaying.Add(-u.length)
		}
	}
	return u
}

// free gives back the memory set aside.
func (u *upload) free() {
	if u != nil && u.keep {
		u.keep = false
		u.s.p.replaying.Add(-u.length)
	}
}

// collect returns the whole body for a second try, reading what has not come
// yet. The connection to the first cell must be closed, so that nobody waits
// for it.
func (u *upload) collect() ([]byte, bool) {
	if !u.keep {
		return nil, false
	}
	<-u.done
	return u.kept, u.whole.Load()
}

// begun reports whether anything may have been sent.
func (u *upload) begun() bool { return u != nil && u.done != nil }

// settled reports whether the body was read to its end, so that the next
// request can follow on the client's connection.
func (u *upload) settled() bool {
	if !u.begun() {
		return false
	}
	select {
	case <-u.done:
		return u.whole.Load()
	default:
		return false
	}
}

// start sends the body to a cell, after the request's header.
func (u *upload) start(to *upstream.Conn) {
	u.done = make(chan struct{})
	go func() {
		defer close(u.done)
		if err := u.run(to); err != nil {
			// The cell would wait for the rest for ever, or take what came for all.
			u.bad.Store(true)
			to.Interrupt()
			return
		}
		u.whole.Store(true)
	}()
}

func (u *upload) run(to io.Writer) error {
	buf := wire.GetLarge()
	defer buf.Put()
	framed := make([]byte, 0, wire.LargeBuffer+http1.MaxChunkHead+2)
	for {
		piece, err := u.piece(buf)
		if err != nil {
			return err
		}
		if u.sent += int64(len(piece)); u.most > 0 && u.sent > u.most {
			u.tooLong.Store(true)
			return errLongBody
		}
		if u.length >= 0 {
			framed = piece
		} else if len(piece) > 0 {
			framed = append(append(http1.AppendChunkHead(framed[:0], len(piece)), piece...), '\r', '\n')
		} else {
			framed = framed[:0]
		}
		if u.keep {
			u.kept = append(u.kept, piece...)
		}
		if len(framed) > 0 && to != nil {
			if _, err := to.Write(framed); err != nil {
				if !u.keep {
					return err
				}
				to = nil // the cell is gone, but the body may be wanted again
			}
		}
		if u.ended() {
			break
		}
	}
	u.s.data = append([]byte(nil), u.s.data...) // the next request's first octets must not stay in buf
	if u.length < 0 && to != nil {
		_, err := io.WriteString(to, http1.LastChunk)
		return err
	}
	return nil
}

func (u *upload) ended() bool {
	if u.length < 0 {
		return u.chunks.Done()
	}
	return u.left == 0
}

// piece returns the next run of the body, which may be empty.
func (u *upload) piece(buf *wire.Buffer) ([]byte, error) {
	s := u.s
	if len(s.data) == 0 {
		s.conn.Expire(s.p.opts.Now().Add(stallTimeout))
		got, err := s.conn.Await(func() []byte { return buf.B })
		if err != nil {
			return nil, err
		}
		s.data = got
	}
	if u.length < 0 {
		data, used, err := u.chunks.Next(s.data)
		s.data = s.data[used:]
		return data, err
	}
	n := min(int64(len(s.data)), u.left)
	piece := s.data[:n]
	s.data = s.data[n:]
	u.left -= n
	return piece, nil
}

// abandon ends an upload whose answer has been sent, and waits for it.
func (u *upload) abandon() {
	if !u.begun() {
		return
	}
	if !u.settled() {
		u.s.conn.Interrupt()
	}
	<-u.done
}
