package proxy

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// tunnelIdle ends an upgraded connection on which neither side says anything:
// WebSocket peers ping more often than this.
const tunnelIdle = 10 * time.Minute

var errUpgrade = fault.New(fault.BadGateway, "the cell switched protocols without being asked")

// appendUpgrade asks the cell for what the client asked for.
func (x *exchange) appendUpgrade(b []byte) []byte {
	return append(b, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
}

// upgrade relays both directions byte for byte until one side has ended.
func (p *Proxy) upgrade(x *exchange, conn *upstream.Conn) error {
	if !x.req.WebSocket() || !http1.EqualFold(x.resp.Get(http1.Upgrade), "websocket") {
		conn.Discard(true)
		return errUpgrade
	}
	x.close, x.sent = true, true
	b := http1.AppendStatus(x.answer[:0], 101)
	for i := range x.resp.Fields {
		f := &x.resp.Fields[i]
		if f.ID == http1.Other || answerPasses(f.ID) {
			b = append(append(b, f.Name...), ": "...)
			b = append(append(b, f.Value...), '\r', '\n')
		}
	}
	b = http1.AppendField(b, cellapi.HeaderRequestID, x.requestID)
	b = append(b, "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"...)
	b = append(b, conn.Data()...)
	conn.Use(len(conn.Data()))
	p.metrics.tunnels.Inc()
	defer p.metrics.tunnels.Dec()
	defer conn.Discard(false)
	if _, err := x.s.conn.Write(b); err != nil {
		return nil // the client went away: there is nobody to tell
	}
	if len(x.s.data) > 0 { // what the client said without waiting for the answer
		if _, err := conn.Write(x.s.data); err != nil {
			return nil
		}
		x.s.data = nil
	}
	p.tunnel(x.s.conn, conn.Conn)
	return nil
}

// tunnel copies until both directions have ended, or neither has moved for
// tunnelIdle. A direction that ends is shut down alone: the other may go on.
func (p *Proxy) tunnel(client, cell *wire.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.copyHalf(client, cell)
	}()
	p.copyHalf(cell, client)
	<-done
}

func (p *Proxy) copyHalf(to, from *wire.Conn) {
	var buf *wire.Buffer
	take := func() []byte {
		if buf == nil {
			buf = wire.GetSmall()
		}
		return buf.B
	}
	drop := func() { // an idle tunnel holds no buffer
		if buf != nil {
			buf.Put()
			buf = nil
		}
	}
	from.Parked = drop
	defer func() { from.Parked = nil }()
	for {
		until := p.opts.Now().Add(tunnelIdle)
		from.Expire(until)
		to.Expire(until)
		got, err := from.Await(take)
		if len(got) > 0 {
			if _, err := to.Write(got); err != nil {
				from.Interrupt()
				return
			}
		}
		drop()
		if err != nil {
			half, ok := to.Conn.(interface{ CloseWrite() error })
			if !errors.Is(err, io.EOF) || !ok || half.CloseWrite() != nil {
				to.Interrupt()
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				to.Interrupt()
			}
			return
		}
	}
}
