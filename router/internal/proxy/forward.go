package proxy

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
	"github.com/coditect/platform/shared/fault"
)

// retryAfter is what a client is told when something is down for now.
const retryAfter = 2 * time.Second

var (
	errNoCell   = fault.New(fault.Unavailable, "this tenant's cell is not known yet; try again").After(retryAfter)
	errMoving   = fault.New(fault.Unavailable, "this tenant is being moved; try again").After(retryAfter)
	errCellDown = fault.New(fault.Unavailable, "this tenant's cell does not answer; try again").After(retryAfter)
	errCellBusy = fault.New(fault.Unavailable, "this tenant's cell is busy; try again").After(retryAfter)
	errUnknown  = fault.New(fault.Unavailable, "this tenant's cell went away; the request may have been carried out: look before you send it again").After(retryAfter)
	errTimeout  = fault.New(fault.Timeout, "the cell did not answer in time; the request may have been carried out")
	errAnswer   = fault.New(fault.BadGateway, "the cell's answer was not valid HTTP")
)

// forward sends the request to the tenant's cell, and to the next one while
// cells say that the tenant moved, or is about to.
func (p *Proxy) forward(x *exchange) error {
	if err := p.takeBody(x); err != nil {
		return err
	}
	for {
		cell, err := p.cellOf(x)
		if err != nil {
			return err
		}
		p.address(x, cell)
		conn, err := p.askInTurn(x, cell)
		if err != nil {
			return err
		}
		switch {
		case movedAnswer(&x.resp):
			err = p.follow(x, conn)
		case frozenAnswer(&x.resp):
			err = p.await(x, conn)
		default:
			x.waiter.Done(hold.Served)
			return p.relay(x, conn)
		}
		if err != nil {
			return err
		}
	}
}

func (p *Proxy) cellOf(x *exchange) (*upstream.Cell, error) {
	x.cell = x.entry.Cell
	known := p.opts.Cache.Cell(x.entry.Cell)
	if known == nil {
		return nil, errNoCell
	}
	cell, err := p.cells.Get(known)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "%s", errNoCell.Message).After(retryAfter)
	}
	return cell, nil
}

// ask sends the request and reads the answer's header. It tries once more what
// is safe to try: an idempotent request whose body is kept, on a connection
// that turned out to be closed.
func (p *Proxy) ask(x *exchange, cell *upstream.Cell) (*upstream.Conn, error) {
	for fresh := false; ; fresh = true {
		conn, err := p.attempt(x, cell, fresh)
		if err == nil {
			return conn, nil
		}
		again := !fresh && upstream.Gone(err) && x.idempotent() && !x.upload.begun()
		if !again || !cell.MayRetry() {
			return nil, p.cellFault(x, err)
		}
	}
}

func (p *Proxy) attempt(x *exchange, cell *upstream.Cell, fresh bool) (*upstream.Conn, error) {
	conn, err := cell.Get(context.Background(), fresh)
	if err != nil {
		return nil, err
	}
	conn.Expire(x.deadline)
	err = x.send(conn)
	switch {
	case err == nil:
		err = x.readHeader(conn)
	case x.upload.begun() && x.readHeader(conn) == nil:
		err = nil // it answered before the body's end, and closed
	}
	if err != nil {
		// A kept connection that its cell had closed says nothing of the cell.
		clients := x.upload != nil && x.upload.bad.Load()
		stale := conn.Reused && upstream.Gone(err)
		conn.Discard(!stale && !clients)
		return nil, err
	}
	return conn, nil
}

// send sends the request, or its header while the body follows.
func (x *exchange) send(conn *upstream.Conn) error {
	if x.upload == nil {
		return conn.Send(x.out)
	}
	if _, err := conn.Write(x.out); err != nil {
		return err
	}
	x.upload.start(conn)
	return conn.More()
}

// readHeader reads the answer's header. Informational answers are dropped: the
// router has given leave to send the body itself.
func (x *exchange) readHeader(conn *upstream.Conn) error {
	for {
		n, err := http1.ParseResponse(conn.Data(), &x.resp)
		switch {
		case errors.Is(err, http1.ErrIncomplete):
			if err := conn.More(); err != nil {
				return err
			}
		case err != nil:
			return err
		case x.resp.Status < 200 && x.resp.Status != 101:
			conn.Use(n)
			if len(conn.Data()) == 0 {
				if err := conn.More(); err != nil {
					return err
				}
			}
		default:
			conn.Use(n)
			return nil
		}
	}
}

// idempotent reports whether sending the request twice does what once does
// (RFC 9110 §9.2.2).
func (x *exchange) idempotent() bool {
	switch string(x.req.Method) {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// cellFault says what a client should do when its cell did not answer.
func (p *Proxy) cellFault(x *exchange, err error) error {
	if x.upload != nil && x.upload.bad.Load() {
		x.close = true
		if x.upload.tooLong.Load() {
			return tooLarge(x.maxBody)
		}
		return errShortBody
	}
	p.metrics.cellErrors.WithLabelValues(x.cell).Inc()
	var bad *http1.ParseError
	switch {
	case errors.As(err, &bad), errors.Is(err, wire.ErrFull):
		p.opts.Log.Error("cell's answer refused", "cell", x.cell, "request_id", string(x.requestID), "trace_id", string(x.trace.id()), "err", err)
		return errAnswer
	case errors.Is(err, upstream.ErrTooMany):
		return errCellBusy
	case upstream.NothingSent(err):
		return fault.Wrap(err, errCellDown.Code, "%s", errCellDown.Message).After(retryAfter)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTimeout
	case x.idempotent():
		return fault.Wrap(err, errCellDown.Code, "%s", errCellDown.Message).After(retryAfter)
	}
	return fault.Wrap(err, errUnknown.Code, "%s", errUnknown.Message).After(retryAfter)
}
