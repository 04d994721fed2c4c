package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code says what went wrong, for programs. Codes are part of the public API:
// they are added, never renamed.
type Code string

// The vocabulary. The HTTP status of each stands in one table, [Code.Status].
const (
	Invalid          Code = "invalid"            // the request breaks a rule of the API; Violations say which
	Malformed        Code = "malformed"          // the body is not what its content type says
	Unauthenticated  Code = "unauthenticated"    // no credential, or none that is valid
	PaymentRequired  Code = "tenant_suspended"   // the tenant is suspended
	TenantReadOnly   Code = "tenant_read_only"   // an invoice is unpaid: reads are served, writes are not
	Forbidden        Code = "forbidden"          // valid credential, not enough rights
	NotFound         Code = "not_found"          // no such thing, or not yours to see
	UnknownTenant    Code = "unknown_tenant"     // no tenant answers to this host, domain or id
	MethodNotAllowed Code = "method_not_allowed" // see the Allow header
	NotAcceptable    Code = "not_acceptable"
	Conflict         Code = "conflict"            // the state does not allow it, or the name is taken
	KeyReused        Code = "key_reused"          // an Idempotency-Key came back with another request
	Gone             Code = "gone"                // it was there; ask another way
	Stale            Code = "precondition_failed" // If-Match names an older version
	TooLarge         Code = "too_large"
	URITooLong       Code = "uri_too_long"
	HeaderTooLarge   Code = "header_too_large"
	RequestTimeout   Code = "request_timeout" // the request did not arrive in time
	UnsupportedMedia Code = "unsupported_media_type"
	TenantMoved      Code = "tenant_moved" // this cell does not hold the tenant (421)
	RateLimited      Code = "rate_limited"
	Internal         Code = "internal"
	BadGateway       Code = "bad_gateway"
	Unavailable      Code = "unavailable" // try again; RetryAfter says when
	Timeout          Code = "timeout"
)

// Violation is one broken rule of a request.
type Violation struct {
	Field   string `json:"field"`   // JSON pointer, or the parameter's name
	Message string `json:"message"` // what to do about it
}

// Error is a fault. Its Message and Violations are public; its cause is not.
type Error struct {
	Code       Code
	Message    string
	Violations []Violation
	RetryAfter time.Duration // 0: not said
	cause      error
}

// New returns a fault with a public message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns a fault whose cause is kept for logs and [errors.Is], and never
// shown to a client.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// After returns the fault with the time after which a retry makes sense.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// At adds a violated rule and returns the fault.
func (e *Error) At(field, format string, args ...any) *Error {
	e.Violations = append(e.Violations, Violation{Field: field, Message: fmt.Sprintf(format, args...)})
	return e
}

// Error is for logs: it includes the cause.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	for _, v := range e.Violations {
		text += "; " + v.Field + ": " + v.Message
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, fault.New(code, "")) compare codes.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// CodeOf returns the code of err's first fault; Internal if it has none, and
// the empty code for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
