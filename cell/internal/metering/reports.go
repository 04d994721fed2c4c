package metering

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Bounds of a report, in days.
const (
	defaultDays = 30
	maxDays     = 366
)

// Recorded reads what was recorded of one tenant. It is an interface because
// use-cases do not know the database.
type Recorded interface {
	ListUsage(ctx context.Context, call *cell.Call, span cell.UsageSpan) ([]cell.Usage, error)
}

// Reports are what a tenant sees of its usage.
type Reports struct {
	Recorded Recorded
	Clock    func() time.Time
}

// Daily returns the usage of each day of the span; see Span.
func (r Reports) Daily(ctx context.Context, call *cell.Call, span cell.UsageSpan) (cell.UsageSpan, []cell.Usage, error) {
	span, err := r.Span(span)
	if err != nil {
		return span, nil, err
	}
	days, err := r.Recorded.ListUsage(ctx, call, span)
	return span, days, err
}

// Span checks a span. A zero end is today, a zero beginning what makes a month.
func (r Reports) Span(span cell.UsageSpan) (cell.UsageSpan, error) {
	if span.To.IsZero() {
		span.To = cell.Day(r.Clock())
	}
	if span.From.IsZero() {
		span.From = span.To.AddDate(0, 0, 1-defaultDays)
	}
	if span.From.After(span.To) || span.To.Sub(span.From) >= maxDays*24*time.Hour {
		return span, fault.New(fault.Invalid, "the request breaks rules of the API").At("from", "is a day up to %d days before to", maxDays-1)
	}
	return span, nil
}
