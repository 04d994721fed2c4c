package proxy

import (
	"io"
	"time"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
	"github.com/coditect/platform/shared/cellapi"
)

// maxWholeAnswer is the longest body that is sent in one piece with its header.
const maxWholeAnswer = 64 << 10

// relay sends the cell's answer to the client.
func (p *Proxy) relay(x *exchange, conn *upstream.Conn) error {
	x.status = x.resp.Status
	if x.status == 101 {
		return p.upgrade(x, conn)
	}
	x.close = x.close || p.draining.Load()
	none := x.resp.NoBody(x.req.Method)
	streams := !none && x.resp.ContentLength < 0
	if x.upload.begun() && !x.upload.settled() {
		x.close = true // what is left of the body would be read as the next request
	}
	if streams && x.req.HTTP10 {
		x.close = true // the end of the connection is the end of the body
	}
	x.appendHead(none)
	switch {
	case none:
		conn.Release(!x.resp.Close && x.uploaded())
	case streams:
		return x.stream(conn, !x.req.HTTP10)
	case x.resp.ContentLength > maxWholeAnswer:
		return x.stream(conn, false)
	default:
		return x.takeAnswer(conn, int(x.resp.ContentLength))
	}
	return nil
}

// appendHead writes the answer's header anew.
func (x *exchange) appendHead(none bool) {
	r := &x.resp
	b := http1.AppendStatus(x.answer[:0], r.Status)
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.ID != http1.Other && !answerPasses(f.ID) || f.ID == http1.Other && listed(r, f.Name) ||
			x.rules.Response.Drops(f.Name) || x.tenantResponse.Drops(f.Name) {
			continue
		}
		b = append(append(b, f.Name...), ": "...)
		b = append(append(b, f.Value...), '\r', '\n')
	}
	b = x.appendPolicy(b)
	b = http1.AppendField(b, cellapi.HeaderRequestID, x.requestID)
	switch {
	case r.ContentLength >= 0 && r.Status != 204:
		b = http1.AppendLength(b, r.ContentLength)
	case !none && r.ContentLength < 0 && !x.req.HTTP10:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	x.answer = append(x.appendConnection(b), '\r', '\n')
}

// appendConnection says whether the connection goes on, where that needs saying.
func (x *exchange) appendConnection(b []byte) []byte {
	switch {
	case x.close:
		return append(b, "Connection: close\r\n"...)
	case x.req.HTTP10:
		return append(b, "Connection: keep-alive\r\n"...)
	}
	return b
}

// answerPasses decides over the fields that have a number: what is between
// router and cell stays there.
func answerPasses(id http1.Name) bool {
	switch id {
	case http1.TenantState, http1.TenantCell, http1.TenantEpoch, http1.TenantID, http1.TenantPrincipal, http1.RequestID,
		http1.EdgeTimestamp, http1.EdgeSignature, http1.EdgeDeadline:
		return false
	default:
		return !id.HopByHop()
	}
}

// listed reports whether the cell named the field in Connection.
func listed(r *http1.Response, name []byte) bool {
	if r.Count(http1.Connection) == 0 {
		return false
	}
	found := false
	r.Each(http1.Connection, func(value []byte) {
		http1.ListItems(value, func(item []byte) { found = found || sameName(item, name) })
	})
	return found
}

// takeAnswer reads a short body behind the header, to be sent with it.
func (x *exchange) takeAnswer(conn *upstream.Conn, n int) error {
	data := conn.Data()
	if len(data) >= n {
		x.answer = append(x.answer, data[:n]...)
		conn.Use(n)
	} else {
		head := len(x.answer)
		x.answer = append(x.answer, make([]byte, n)...)
		conn.Expire(x.s.p.opts.Now().Add(stallTimeout))
		if _, err := io.ReadFull(conn, x.answer[head:]); err != nil {
			conn.Discard(true)
			x.answer = x.answer[:0]
			return x.s.p.cellFault(x, err)
		}
	}
	conn.Release(!x.resp.Close && x.uploaded())
	return nil
}

// uploaded reports whether the cell has been sent the whole request.
func (x *exchange) uploaded() bool { return !x.upload.begun() || x.upload.settled() }

// stream relays a body as it comes. The status has been sent by the time
// something breaks, so the client's connection is what has to say it: it ends
// before the body does.
func (x *exchange) stream(conn *upstream.Conn, chunked bool) error {
	x.sent = true
	client, now := x.s.conn, x.s.p.opts.Now
	client.Expire(now().Add(stallTimeout))
	if _, err := client.Write(x.answer); err != nil {
		x.broken(conn)
		return nil //nolint:nilerr // the client cannot be told any more
	}
	if err := x.pump(conn, chunked); err != nil {
		x.broken(conn)
		return nil //nolint:nilerr // likewise
	}
	client.Expire(time.Time{})
	conn.Release(!x.resp.Close && (x.resp.Chunked || x.resp.ContentLength >= 0) && x.uploaded())
	return nil
}

func (x *exchange) broken(conn *upstream.Conn) {
	x.close = true
	x.s.p.metrics.broken.Inc()
	conn.Discard(false)
}

// pump copies the body, giving it the framing that the client was told of.
func (x *exchange) pump(conn *upstream.Conn, chunked bool) error {
	in := wire.GetLarge()
	defer in.Put()
	src := newSource(x, conn, in)
	var framed []byte
	for {
		conn.Expire(x.s.p.opts.Now().Add(stallTimeout))
		piece, err := src.next()
		if err != nil {
			if err == io.EOF { //nolint:errorlint // our own
				break
			}
			return err
		}
		if len(piece) == 0 {
			continue
		}
		out := piece
		if chunked {
			framed = append(append(http1.AppendChunkHead(framed[:0], len(piece)), piece...), '\r', '\n')
			out = framed
		}
		x.s.conn.Expire(x.s.p.opts.Now().Add(stallTimeout))
		if _, err := x.s.conn.Write(out); err != nil {
			return err
		}
	}
	if chunked {
		_, err := x.s.conn.Write([]byte(http1.LastChunk))
		return err
	}
	return nil
}
