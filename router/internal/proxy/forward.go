package proxy

import (
	"errors"
	"io"
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
	if err := x.keepSmallBody(); err != nil {
		return err
	}
	deadline := x.start.Add(p.opts.RequestTimeout)
	for {
		pool, err := p.poolOf(x)
		if err != nil {
			return err
		}
		x.sign(pool, p.opts.Now().Unix())
		if err := pool.client.DoDeadline(&x.ctx.Request, &x.ctx.Response, deadline); err != nil {
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

// keepSmallBody reads a body of known, small length, so that it can be sent
// twice. Others stream.
func (x *exchange) keepSmallBody() error {
	req := &x.ctx.Request
	length := req.Header.ContentLength()
	if !req.IsBodyStream() || length < 0 || length > MaxReplayBody {
		return nil
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(req.BodyStream(), body); err != nil {
		return fault.Wrap(err, fault.Malformed, "the body is shorter than its Content-Length")
	}
	if err := req.CloseBodyStream(); err != nil {
		return fault.Wrap(err, fault.Malformed, "the body could not be read")
	}
	req.SetBodyRaw(body)
	return nil
}

// sign sets what depends on the cell that is asked.
func (x *exchange) sign(pool *cellPool, now int64) {
	req := &x.ctx.Request
	// What is signed is what is sent: the path as the client wrote it.
	uri := req.URI()
	uri.DisablePathNormalizing = true
	claims := cellapi.Claims{
		Method: req.Header.Method(), Target: uri.RequestURI(), TenantID: []byte(x.entry.IDText), Epoch: x.entry.Epoch,
		RequestID: []byte(x.requestID), Timestamp: now,
	}
	req.Header.Set(cellapi.HeaderTenantEpoch, x.entry.EpochText)
	var digits [20]byte
	req.Header.SetBytesV(cellapi.HeaderTimestamp, strconv.AppendInt(digits[:0], now, 10))
	req.Header.SetBytesV(cellapi.HeaderSignature, pool.signer.Append(x.signature[:0], &claims))
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
	if errors.Is(err, fasthttp.ErrTimeout) || errors.Is(err, fasthttp.ErrTLSHandshakeTimeout) {
		return fault.Wrap(err, errTimeout.Code, "%s", errTimeout.Message)
	}
	detail := "this tenant's cell does not answer; try again"
	if h := &x.ctx.Request.Header; !h.IsGet() && !h.IsHead() && !errors.Is(err, fasthttp.ErrNoFreeConns) && !dialFailed(err) {
		detail = "this tenant's cell went away; the request may have been carried out: look before you send it again"
	}
	return fault.Wrap(err, fault.Unavailable, "%s", detail).After(retryAfter)
}
