package proxy

import (
	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/shared/fault"
)

var (
	errTooFast = fault.New(fault.RateLimited, "this tenant's limit of requests a second is reached; wait as long as Retry-After says")
	errTooMany = fault.New(fault.RateLimited, "this tenant has too many requests in flight; wait for some to be answered")
)

// limited is what the limits say of a request: of its class, and of all
// classes together.
type limited struct {
	verdicts [2]limiter.Verdict
	tickets  [2]limiter.Ticket
}

func (l *limited) done() {
	l.tickets[0].Done()
	l.tickets[1].Done()
	*l = limited{}
}

// limit counts the request against its tenant's limits and refuses it beyond
// them, or if its body is longer than the plan allows.
func (p *Proxy) limit(x *exchange) error {
	if most := x.rules.MaxBody(x.entry.Plan, x.entry.Edge, x.match.Class); most > 0 {
		if x.req.ContentLength > most {
			return tooLarge(most)
		}
		x.maxBody = most
	}
	if p.opts.Limiter == nil {
		return nil
	}
	for i, class := range [...]policy.Class{policy.All, x.match.Class} {
		key := limiter.Key{Tenant: x.entry.TenantID, Class: uint8(class)}
		x.limits.verdicts[i], x.limits.tickets[i] = p.opts.Limiter.Take(key, x.rules.Limit(x.entry.Plan, x.entry.Edge, class), x.start)
		if v := &x.limits.verdicts[i]; !v.OK {
			x.retryAfter = v.RetryAfter
			if v.Reason == limiter.Concurrency {
				return errTooMany
			}
			return errTooFast
		}
	}
	return nil
}

func tooLarge(most int64) error {
	return fault.New(fault.TooLarge, "the body is longer than this plan's %d bytes", most)
}

// appendLimits tells the client where it stands, if its rate is limited.
func (x *exchange) appendLimits(b []byte) []byte {
	all, own := &x.limits.verdicts[0], &x.limits.verdicts[1]
	if all.Limit == 0 && own.Limit == 0 {
		return b
	}
	b = append(b, "RateLimit-Policy: "...)
	b = limiter.AppendPolicy(b, "tenant", x.rules.Limit(x.entry.Plan, x.entry.Edge, policy.All))
	if own.Limit > 0 {
		if all.Limit > 0 {
			b = append(b, ", "...)
		}
		b = limiter.AppendPolicy(b, x.match.Name, x.rules.Limit(x.entry.Plan, x.entry.Edge, x.match.Class))
	}
	b = append(b, "\r\nRateLimit: "...)
	b = limiter.AppendRateLimit(b, "tenant", all)
	if own.Limit > 0 {
		if all.Limit > 0 {
			b = append(b, ", "...)
		}
		b = limiter.AppendRateLimit(b, x.match.Name, own)
	}
	return append(b, '\r', '\n')
}
