package proxy

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/router/internal/wire"
)

// session is one client connection. While it waits for a request it holds no
// buffer and no exchange.
type session struct {
	p       *Proxy
	conn    *wire.Conn
	peer    netip.Addr // the client, as far as the connection knows
	tls     bool
	trusted bool // what it says in X-Forwarded-For and -Proto is believed
	naps    bool // it has waited for a request for napAfter

	// How the client sends its requests; see answerAndWait.
	served bool // at least one
	waited bool // the last one was not there yet when its answerer looked for it
	early  bool // once, the next one before it had the answer
	brisk  bool // one soon after the other

	buf    *wire.Buffer
	data   []byte // read and not used yet, within buf
	buffer func() []byte
	parked func()
}

func newSession(p *Proxy, nc net.Conn) *session {
	s := &session{p: p, conn: wire.New(nc)}
	s.buffer, s.parked = s.readBuffer, s.park
	switch peer := nc.(type) {
	case listen.Peer:
		s.peer, s.tls, s.trusted = peer.Remote().Addr(), peer.TLS(), peer.Trusted()
	default:
		if addr, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
			s.peer = addr.AddrPort().Addr().Unmap()
		}
	}
	return s
}

func (s *session) readBuffer() []byte {
	if s.buf == nil {
		s.buf = wire.GetSmall()
	}
	return s.buf.B
}

func (s *session) close() {
	s.drop()
	_ = s.conn.Close() // whoever minds is at the other end
}

// park is called when a wait begins.
func (s *session) park() {
	s.waited = true
	s.drop()
}

func (s *session) drop() {
	s.data = nil
	if s.buf != nil {
		s.buf.Put()
		s.buf = nil
	}
}

// next serves one request and reports whether there may be another.
func (s *session) next() bool {
	if len(s.data) == 0 && !s.await() {
		return false
	}
	x := acquire(s)
	again := s.serve(x)
	release(x)
	s.served = true
	if len(s.data) == 0 {
		s.drop()
	} else {
		s.early = true
	}
	return again && !s.p.draining.Load()
}

// await waits for the first octets of a request, but not for long: see naps. It
// also finds out whether the client waits for its answers and is quick then.
func (s *session) await() bool {
	before := s.p.clients.Now()
	s.waited = false
	err := s.listen(napAfter)
	s.naps = errors.Is(err, os.ErrDeadlineExceeded) && !s.p.draining.Load()
	took := s.p.clients.Now().Sub(before)
	s.early = s.early || s.served && !s.waited
	s.brisk = s.served && !s.early && took < 2*wire.Tick && s.conn.Plain()
	return err == nil && len(s.data) > 0
}

func (s *session) listen(atMost time.Duration) error {
	s.conn.Expire(s.p.clients.Now().Add(atMost))
	s.conn.Idle.Store(true)
	s.conn.Parked = s.parked
	data, err := s.conn.Await(s.buffer)
	s.conn.Parked = nil
	s.conn.Idle.Store(false)
	s.data = data
	if err != nil {
		s.drop()
	}
	return err
}

// more reads on while a header is incomplete. What is there stays in front.
func (s *session) more() error {
	n := len(s.data)
	if n >= http1.MaxHeader {
		return http1.ErrLongHeader
	}
	if cap(s.data) != wire.LargeBuffer { // it is a small buffer, or does not begin at its start
		next := wire.GetLarge()
		copy(next.B, s.data)
		s.buf.Put()
		s.buf = next
	}
	got, err := s.conn.Await(func() []byte { return s.buf.B[n:] })
	s.data = s.buf.B[:n+len(got)]
	return err
}

// header reads and parses a request's header, and takes it off the data.
func (s *session) header(x *exchange) error {
	n, err := http1.ParseRequest(s.data, &x.req)
	if err == nil {
		s.data = s.data[n:]
		return nil
	}
	if !errors.Is(err, http1.ErrIncomplete) {
		return err
	}
	s.conn.Expire(x.start.Add(headerTimeout))
	for {
		before := len(s.data)
		if err := s.more(); err != nil {
			return err
		}
		// Without a new line end there is nothing new to be found out.
		if bytes.IndexByte(s.data[before:], '\n') < 0 && len(s.data) < http1.MaxTarget {
			continue
		}
		n, err = http1.ParseRequest(s.data, &x.req)
		if err == nil {
			s.data = s.data[n:]
			return nil
		}
		if !errors.Is(err, http1.ErrIncomplete) {
			return err
		}
	}
}

// serve answers one request and reports whether the connection can go on.
func (s *session) serve(x *exchange) bool {
	if err := s.header(x); err != nil {
		return s.refuse(x, err)
	}
	x.close = x.req.Close || s.p.draining.Load()
	x.bodyRead = !x.req.HasBody()
	if err := s.p.handle(x); err != nil && !x.sent {
		x.problem(err)
	}
	return s.finish(x)
}

// finish sends what is left to send, counts the request, and reports whether
// the connection can go on.
func (s *session) finish(x *exchange) bool {
	s.p.observe(x)
	if s.brisk && !x.sent && !x.close && x.bodyRead && len(s.data) == 0 && !s.p.draining.Load() {
		return s.answerAndWait(x)
	}
	if !x.sent && len(x.answer) > 0 {
		s.conn.Expire(x.start.Add(s.p.opts.RequestTimeout + stallTimeout))
		if _, err := s.conn.Write(x.answer); err != nil {
			x.close = true
		}
	}
	if x.upload.begun() {
		x.upload.abandon()
		x.bodyRead = x.upload.whole.Load()
	}
	if !x.bodyRead {
		s.linger()
		return false
	}
	return !x.close
}

// answerAndWait sends the answer and waits for the next request in one step,
// for a client that sends its requests one soon after the other. What that
// client sends before it has the answer does not wake the wait (see
// [wire.Conn.Exchange]): so it is a short one, and a client that was once found
// to speak early is never waited for like this again.
func (s *session) answerAndWait(x *exchange) bool {
	s.conn.Expire(s.p.clients.Now().Add(briskWait))
	s.conn.Idle.Store(true)
	data, err := s.conn.Exchange(x.answer, s.buffer)
	s.conn.Idle.Store(false)
	s.data = data
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err == nil
	}
	s.brisk = false
	s.drop()
	return !s.p.draining.Load()
}

// refuse answers what is not a request that can be served, and why it is not.
func (s *session) refuse(x *exchange, err error) bool {
	x.req.Reset() // a part of it may be a view of a buffer that is no longer ours
	x.close = true
	var bad *http1.ParseError
	switch {
	case errors.As(err, &bad):
		x.problem(parseFault(bad))
	case errors.Is(err, os.ErrDeadlineExceeded) && !s.p.draining.Load():
		s.conn.Expire(time.Time{}) // to say why
		x.problem(errSlowHeader)
	default:
		return false // gone
	}
	return s.finish(x)
}

// linger lets a client that still sends read its answer: closing at once would
// reset the connection, and the answer with it (RFC 9112 §9.6).
func (s *session) linger() {
	half, ok := s.conn.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	s.conn.Expire(time.Time{})
	_ = s.conn.SetDeadline(time.Now().Add(lingerTimeout)) // or it is closed
	s.data = nil
	for left := lingerBytes; left > 0; {
		got, err := s.conn.Await(s.buffer)
		if err != nil || len(got) == 0 {
			return
		}
		left -= len(got)
	}
}
