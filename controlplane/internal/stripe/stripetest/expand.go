package stripetest

// expanded is a subscription with its schedule whole, as a request may ask for.
type expanded struct {
	*subscription
	Schedule any `json:"schedule"`
}

func (s *Server) expand(u *subscription) expanded {
	x := expanded{subscription: u}
	if u.Schedule != nil {
		x.Schedule = s.schedules.by[*u.Schedule]
	}
	return x
}

// refundedCharge is a charge with its refunds, the newest first, as a request may
// ask for.
type refundedCharge struct {
	*charge
	Refunds list[*refund] `json:"refunds"`
}

func (s *Server) withRefunds(c *charge) refundedCharge {
	return refundedCharge{c, page(&s.refunds, form{}, func(r *refund) string { return r.ID }, func(r *refund) bool { return r.Charge == c.ID })}
}
