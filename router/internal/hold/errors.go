package hold

import (
	"time"

	"github.com/coditect/platform/shared/fault"
)

// Why a request is not held, or no longer: all are "unavailable" (503) and say
// when to come back. None was executed anywhere.
var (
	ErrTooLarge = refusal(2*time.Second, "the tenant is being moved and a body of more than %d bytes cannot wait for that: send it again in a moment", MaxBody)
	ErrWindow   = refusal(5*time.Second, "the tenant is being moved and that takes longer than usual: send the request again in a moment")
	ErrDeadline = refusal(time.Second, "the tenant is being moved and the request's time is over: send it again")
	ErrQueue    = refusal(time.Second, "the tenant is being moved and too many of its requests wait already: send it again in a moment")
	ErrMemory   = refusal(time.Second, "tenants are being moved and the requests that wait fill the memory set aside for them: send it again in a moment")
	ErrTooSoon  = refusal(5*time.Second, "the tenant is still being moved after its requests have waited for as long as they may: send the request again in a moment")
)

func refusal(after time.Duration, format string, args ...any) *fault.Error {
	return fault.New(fault.Unavailable, format, args...).After(after)
}

// reasons are the metric's labels.
var reasons = map[*fault.Error]string{
	ErrTooLarge: "body", ErrWindow: "window", ErrDeadline: "deadline", ErrQueue: "queue", ErrMemory: "memory", ErrTooSoon: "interval",
}
