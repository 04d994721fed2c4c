package proxy

import (
	"encoding/json"
	"errors"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

var errSlowHeader = fault.New(fault.RequestTimeout, "the request's header did not arrive in time")

// parseFault is the answer to what is not a request.
func parseFault(err *http1.ParseError) error {
	switch err {
	case http1.ErrLongTarget:
		return fault.New(fault.URITooLong, "%s", err.Error())
	case http1.ErrLongHeader:
		return fault.New(fault.HeaderTooLarge, "%s", err.Error())
	}
	return fault.New(fault.Malformed, "%s", err.Error())
}

// problem makes err's problem document the answer.
func (x *exchange) problem(err error) {
	if f := (*fault.Error)(nil); !errors.As(err, &f) {
		x.s.p.opts.Log.Error("request failed", "request_id", string(x.requestID), "trace_id", string(x.trace.id()), "err", err)
	}
	if len(x.requestID) == 0 {
		x.requestID = appendUUIDv7(x.ids[:0], x.start)
	}
	problem := fault.ProblemOf(err, string(x.requestID))
	body, jsonErr := json.Marshal(problem)
	if jsonErr != nil {
		body = nil // cannot happen: a Problem has only strings and numbers
	}
	x.status = problem.Status
	x.settleBody()
	b := http1.AppendStatus(x.answer[:0], problem.Status)
	b = append(b, "Content-Type: "+fault.ContentType+"\r\nCache-Control: no-store\r\n"...)
	b = http1.AppendField(b, cellapi.HeaderRequestID, x.requestID)
	wait := x.retryAfter
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.RetryAfter > 0 {
		wait = f.RetryAfter
	}
	if wait > 0 {
		b = http1.AppendFieldString(b, "Retry-After", fault.RetryAfterSeconds(wait))
	}
	b = x.appendPolicy(b)
	if problem.Status == 401 {
		b = append(b, "WWW-Authenticate: Bearer\r\n"...)
	}
	b = http1.AppendLength(b, int64(len(body)))
	b = append(x.appendConnection(b), '\r', '\n')
	if string(x.req.Method) != "HEAD" {
		b = append(b, body...)
	}
	x.answer = b
}

// settleBody takes a body that will not be forwarded off the connection, if it
// has come already. Otherwise the connection ends with the answer: what is left
// would be read as the next request.
func (x *exchange) settleBody() {
	n := x.req.ContentLength
	switch {
	case x.bodyRead || x.upload.settled():
	case !x.upload.begun() && !x.req.Chunked && n >= 0 && int64(len(x.s.data)) >= n && x.status != 400:
		x.s.data = x.s.data[n:]
		x.bodyRead = true
	default:
		x.close = true
	}
}
