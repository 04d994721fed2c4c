package proxy

import (
	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

var errOrigin = fault.New(fault.Forbidden, "this tenant does not allow pages of your origin")

// preflight reports whether a browser asks what it may send (WHATWG Fetch,
// CORS-preflight request). It sends no credential with that.
func (x *exchange) preflight() bool {
	return string(x.req.Method) == "OPTIONS" && x.req.Count(http1.Origin) > 0 && x.req.Count(http1.RequestMethod) > 0
}

// answerPreflight answers in the cell's place, by the tenant's own policy.
func (p *Proxy) answerPreflight(x *exchange) error {
	cors := x.cors()
	if !policy.AllowsOrigin(cors, view(x.req.Get(http1.Origin))) {
		return errOrigin
	}
	x.status = 204
	x.settleBody()
	b := http1.AppendStatus(x.answer[:0], x.status)
	b = x.appendPolicy(b)
	b = policy.AppendPreflight(b, cors)
	b = http1.AppendField(b, "X-Request-Id", x.requestID)
	x.answer = append(x.appendConnection(b), '\r', '\n')
	return nil
}

func (x *exchange) cors() *directory.CORS {
	if x.entry.Edge == nil {
		return nil
	}
	return x.entry.Edge.CORS
}

// appendPolicy appends what the rules and the tenant add to every answer.
func (x *exchange) appendPolicy(b []byte) []byte {
	b = append(b, x.versionLines...)
	if x.secure { // RFC 6797
		b = append(b, "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"...)
	}
	if x.rules != nil {
		b = append(b, x.rules.Response.Lines...)
	}
	if edge := x.entry.Edge; edge != nil {
		b = policy.AppendCORS(b, edge.CORS, view(x.req.Get(http1.Origin)))
		b = append(b, x.tenantResponse.Lines...)
	}
	return x.appendLimits(b)
}
