package proxy

import (
	"strconv"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

var errConnection = fault.New(fault.Malformed, "Connection must not name a header that the platform needs")

// prepare writes the part of the cell's request that every cell gets alike. It
// is written anew from what was parsed: of the client's header only fields pass
// that no hop, framing or trust depends on. Trailers never do: they would
// arrive behind the signature.
func (x *exchange) prepare() error {
	if err := x.checkConnection(); err != nil {
		return err
	}
	r := &x.req
	b := append(append(x.out[:0], r.Method...), ' ')
	b = append(append(b, r.Target...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, r.Host...), '\r', '\n')
	traced := x.trace.on && x.trace.continued || !x.trace.on && validTraceparent(r.Get(http1.Traceparent))
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.ID != http1.Other && !x.passes(f.ID, traced) || f.ID == http1.Other && x.hopField(f.Name) ||
			x.rules.Request.Drops(f.Name) || x.tenantRequest.Drops(f.Name) {
			continue
		}
		b = append(append(b, f.Name...), ": "...)
		b = append(append(b, f.Value...), '\r', '\n')
	}
	b = append(append(b, x.rules.Request.Lines...), x.tenantRequest.Lines...)
	switch {
	case x.trace.on:
		b = http1.AppendField(b, cellapi.HeaderTraceparent, x.trace.header[:])
	case !traced:
		b = append(b, "Traceparent: "...)
		b = append(appendTraceparent(b), '\r', '\n')
	}
	b = http1.AppendField(b, cellapi.HeaderRequestID, x.requestID)
	b = http1.AppendField(b, cellapi.HeaderTenantID, x.tenant)
	if x.principal != "" {
		b = http1.AppendFieldString(b, cellapi.HeaderPrincipal, x.principal)
	}
	b = x.appendForwarded(b)
	if x.req.WebSocket() {
		b = x.appendUpgrade(b)
	}
	x.out, x.common = b, len(b)
	return nil
}

// passes decides over the fields that have a number.
func (x *exchange) passes(id http1.Name, traced bool) bool {
	switch id {
	case http1.Host, http1.Baggage: // whom a request concerns the router says
		return false
	case http1.Traceparent:
		return traced && !x.trace.on
	case http1.Tracestate:
		return traced
	case http1.Authorization:
		return x.principal == "" // a verified token has no business in the cell
	default:
		return !id.HopByHop() && !id.Trusted()
	}
}

// hopField reports whether the client listed the field in Connection.
func (x *exchange) hopField(name []byte) bool {
	if x.req.Count(http1.Connection) == 0 {
		return false
	}
	listed := false
	x.req.Each(http1.Connection, func(value []byte) {
		http1.ListItems(value, func(item []byte) { listed = listed || sameName(item, name) })
	})
	return listed
}

func sameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if fold(a[i]) != fold(b[i]) {
			return false
		}
	}
	return true
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// checkConnection refuses a Connection header that would make the router drop
// what the platform needs (RFC 9110 §7.6.1 lets a client name any field).
func (x *exchange) checkConnection() error {
	if x.req.Count(http1.Connection) == 0 {
		return nil
	}
	bad := false
	x.req.Each(http1.Connection, func(value []byte) {
		http1.ListItems(value, func(item []byte) {
			switch id := http1.NameOf(item); id {
			case http1.Host, http1.ContentLength, http1.ContentType, http1.Authorization, http1.Cookie, http1.Traceparent, http1.Origin:
				bad = true
			default:
				bad = bad || id.Trusted()
			}
		})
	})
	if bad {
		return errConnection
	}
	return nil
}

func (x *exchange) appendForwarded(b []byte) []byte {
	b = append(b, "X-Forwarded-For: "...)
	if x.clientIP.IsValid() {
		b = x.clientIP.AppendTo(b)
	}
	if x.secure {
		b = append(b, "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "...)
	} else {
		b = append(b, "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: "...)
	}
	return append(append(b, x.req.Host...), '\r', '\n')
}

// address completes the cell's request: what depends on the cell, its
// signature, the framing, and the body if it was read.
func (p *Proxy) address(x *exchange, cell *upstream.Cell) {
	now := x.now()
	claims := cellapi.Claims{
		Method: x.req.Method, Target: x.req.Target, TenantID: x.tenant, Epoch: x.entry.Epoch,
		RequestID: x.requestID, Principal: []byte(x.principal), Timestamp: now.Unix(),
	}
	b := x.out[:x.common]
	b = append(b, cellapi.HeaderTenantEpoch+": "...)
	b = strconv.AppendUint(b, x.entry.Epoch, 10)
	b = append(b, "\r\n"+cellapi.HeaderTimestamp+": "...)
	b = strconv.AppendInt(b, claims.Timestamp, 10)
	b = append(b, "\r\n"+cellapi.HeaderDeadline+": "...)
	b = strconv.AppendInt(b, max(1, x.deadline.Sub(now).Milliseconds()), 10)
	b = append(b, "\r\n"+cellapi.HeaderSignature+": "...)
	b = append(p.signers.of(cell.ID).Append(b, &claims), '\r', '\n')
	if x.trace.sampled {
		b = append(append(append(b, "Baggage: tenant="...), x.tenant...), ",cell="...)
		b = append(append(b, cell.ID...), '\r', '\n')
	}
	switch {
	case x.upload != nil && x.upload.length < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case x.upload != nil:
		b = http1.AppendLength(b, x.upload.length)
	case len(x.body) > 0 || x.req.ContentLength == 0 || x.req.Chunked:
		b = http1.AppendLength(b, int64(len(x.body)))
	}
	b = append(b, '\r', '\n')
	x.mark = len(b)
	x.out = append(b, x.body...)
}
