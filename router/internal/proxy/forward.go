package proxy

import (
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

var (
	errNoCell  = fault.New(fault.Unavailable, "this tenant's cell is not known yet; try again").After(retryAfter)
	errMoving  = fault.New(fault.Unavailable, "this tenant is being moved; try again").After(retryAfter)
	errTimeout = fault.New(fault.Timeout, "the cell did not answer in time; the request may have been carried out")
)

// forward sends the request to the tenant's cell, and to the next one while
// cells say that the tenant moved.
func (p *Proxy) forward(x *exchange) error {
	if err := x.setBody(); err != nil {
		return err
	}
	for {
		pool, err := p.poolOf(x)
		if err != nil {
			return err
		}
		x.sign(pool, p.opts.Now().Unix())
		if err := pool.client.Do(x.out, &x.ctx.Response); err != nil {
			return p.cellFault(x, err)
		}
		if !movedAnswer(&x.ctx.Response) {
			x.cleanAnswer()
			return nil
		}
		if err := p.follow(x); err != nil {
			return err
		}
	}
}

func (p *Proxy) poolOf(x *exchange) (*cellPool, error) {
	x.cell = x.entry.Cell
	cell := p.opts.Cache.Cell(x.entry.Cell)
	if cell == nil {
		return nil, errNoCell
	}
	pool, err := p.cells.get(cell)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "%s", errNoCell.Message).After(retryAfter)
	}
	return pool, nil
}

// setBody keeps a body of known, small length in memory, so that it can be sent
// twice. Others stream.
func (x *exchange) setBody() error {
	in := &x.ctx.Request
	length := in.Header.ContentLength()
	switch {
	case !in.IsBodyStream():
		x.out.SetBodyRaw(in.Body())
	case length < 0 || length > MaxReplayBody:
		x.streams = true
		x.out.SetBodyStream(in.BodyStream(), max(length, -1))
	default:
		body := make([]byte, length)
		if _, err := io.ReadFull(in.BodyStream(), body); err != nil {
			return fault.Wrap(err, fault.Malformed, "the body is shorter than its Content-Length")
		}
		x.out.SetBodyRaw(body)
	}
	return nil
}

// sign sets what depends on the cell that is asked.
func (x *exchange) sign(pool *cellPool, now int64) {
	h := &x.out.Header
	claims := cellapi.Claims{
		Method: h.Method(), Target: x.ctx.Request.Header.RequestURI(), TenantID: []byte(x.entry.IDText), Epoch: x.entry.Epoch,
		RequestID: []byte(x.requestID), Timestamp: now,
	}
	h.Set(cellapi.HeaderTenantEpoch, x.entry.EpochText)
	var digits [20]byte
	h.SetBytesV(cellapi.HeaderTimestamp, strconv.AppendInt(digits[:0], now, 10))
	h.SetBytesV(cellapi.HeaderSignature, pool.signer.Append(x.signature[:0], &claims))
	x.out.URI().SetScheme(pool.scheme)
	x.out.SetHostBytes(x.ctx.Request.Header.Host())
}

// cleanAnswer removes what is between cell and router from the cell's answer.
func (x *exchange) cleanAnswer() {
	h := &x.ctx.Response.Header
	for _, name := range []string{
		"Connection", "Keep-Alive", "Proxy-Connection", "Upgrade", "Trailer",
		cellapi.HeaderTenantState, cellapi.HeaderTenantCell, cellapi.HeaderTenantEpoch,
	} {
		h.Del(name)
	}
	h.Set(cellapi.HeaderRequestID, x.requestID)
}

// cellFault says what a client should do when its cell did not answer.
func (p *Proxy) cellFault(x *exchange, err error) error {
	p.metrics.cellErrors.WithLabelValues(x.cell).Inc()
	if errors.Is(err, fasthttp.ErrTimeout) || errors.Is(err, os.ErrDeadlineExceeded) && !dialFailed(err) {
		return fault.Wrap(err, errTimeout.Code, "%s", errTimeout.Message)
	}
	detail := "this tenant's cell does not answer; try again"
	if h := &x.ctx.Request.Header; !h.IsGet() && !h.IsHead() && !errors.Is(err, fasthttp.ErrNoFreeConns) && !dialFailed(err) {
		detail = "this tenant's cell went away; the request may have been carried out: look before you send it again"
	}
	return fault.Wrap(err, fault.Unavailable, "%s", detail).After(retryAfter)
}
