package fault

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"
)

// ContentType is the media type of a problem document (RFC 9457).
const ContentType = "application/problem+json"

// maxProblemBytes bounds what a client reads of an error answer.
const maxProblemBytes = 64 << 10

// Problem is the wire form of a fault: RFC 9457 with two extension members.
type Problem struct {
	Type       string      `json:"type"`
	Title      string      `json:"title"`
	Status     int         `json:"status"`
	Detail     string      `json:"detail,omitempty"`
	Code       Code        `json:"code"`
	RequestID  string      `json:"request_id,omitempty"`
	Violations []Violation `json:"violations,omitempty"`
}

var statuses = map[Code]int{
	Invalid: http.StatusUnprocessableEntity, Malformed: http.StatusBadRequest, Unauthenticated: http.StatusUnauthorized,
	PaymentRequired: http.StatusPaymentRequired, TenantReadOnly: http.StatusPaymentRequired, Forbidden: http.StatusForbidden, NotFound: http.StatusNotFound,
	UnknownTenant: http.StatusNotFound, MethodNotAllowed: http.StatusMethodNotAllowed, NotAcceptable: http.StatusNotAcceptable,
	Conflict: http.StatusConflict, KeyReused: http.StatusUnprocessableEntity, Gone: http.StatusGone, Stale: http.StatusPreconditionFailed,
	TooLarge: http.StatusRequestEntityTooLarge, URITooLong: http.StatusRequestURITooLong,
	HeaderTooLarge: http.StatusRequestHeaderFieldsTooLarge, RequestTimeout: http.StatusRequestTimeout,
	UnsupportedMedia: http.StatusUnsupportedMediaType, TenantMoved: http.StatusMisdirectedRequest,
	RateLimited: http.StatusTooManyRequests, Internal: http.StatusInternalServerError, BadGateway: http.StatusBadGateway,
	Unavailable: http.StatusServiceUnavailable, Timeout: http.StatusGatewayTimeout,
}

// Status is the HTTP status of a code; 500 for a code this version does not know.
func (c Code) Status() int {
	if status, ok := statuses[c]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// ProblemOf turns any error into its public form. What is not a fault says
// only that something went wrong.
func ProblemOf(err error, requestID string) Problem {
	e := &Error{Code: Internal, Message: "something went wrong on our side; quote the request id"}
	var f *Error
	if errors.As(err, &f) {
		e = f
	}
	status := e.Code.Status()
	return Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: e.Message, Code: e.Code, RequestID: requestID, Violations: e.Violations,
	}
}

// WriteProblem answers with err's problem document.
func WriteProblem(w http.ResponseWriter, err error, requestID string) {
	problem := ProblemOf(err, requestID)
	var f *Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		w.Header().Set("Retry-After", RetryAfterSeconds(f.RetryAfter))
	}
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(problem.Status)
	// The client may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(problem)
}

// RetryAfterSeconds renders d for the Retry-After header, rounded up to whole
// seconds (RFC 9110 §10.2.3), at least one.
func RetryAfterSeconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

// ReadProblem decodes an error answer back into a fault. An answer that is not
// a problem document becomes a fault with the code of its status.
func ReadProblem(status int, header http.Header, body io.Reader) *Error {
	var p Problem
	raw, err := io.ReadAll(io.LimitReader(body, maxProblemBytes))
	if err != nil || json.Unmarshal(raw, &p) != nil || p.Code == "" {
		p = Problem{Code: codeOfStatus(status), Detail: http.StatusText(status)}
	}
	f := &Error{Code: p.Code, Message: p.Detail, Violations: p.Violations}
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds > 0 {
		f.RetryAfter = time.Duration(seconds) * time.Second
	}
	return f
}

func codeOfStatus(status int) Code {
	switch status {
	case http.StatusBadRequest:
		return Malformed
	case http.StatusNotFound:
		return NotFound
	case http.StatusUnprocessableEntity:
		return Invalid
	}
	for code, s := range statuses {
		if s == status {
			return code
		}
	}
	return Internal
}
