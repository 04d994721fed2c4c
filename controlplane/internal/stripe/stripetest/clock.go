package stripetest

import "time"

// Now is the fake's time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance lets time pass, and what is due by then happen in its order. Where it goes
// back nothing happens, nor is anything undone.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(d)
}

func (s *Server) advance(d time.Duration) {
	until := s.now.Add(d)
	for {
		at, do := s.nextDue()
		if do == nil || at > until.Unix() {
			break
		}
		if due := time.Unix(at, 0).UTC(); due.After(s.now) {
			s.now = due
		}
		do()
	}
	s.now = until
}

// nextDue finds what happens next by itself.
func (s *Server) nextDue() (at int64, do func()) {
	first := func(when int64, what func()) {
		if when > 0 && (do == nil || when < at) {
			at, do = when, what
		}
	}
	for _, v := range s.invoices.all(func(v *invoice) bool { return v.Status == "open" }) {
		first(v.NextPaymentAttempt, func() { s.collect(v) })
	}
	for _, u := range s.subscriptions.all(func(u *subscription) bool { return u.live() }) {
		first(u.CurrentPeriodEnd, func() { s.renew(u) })
	}
	return at, do
}

// renew begins a subscription's next period, or ends the subscription.
func (s *Server) renew(u *subscription) {
	if u.CancelAtPeriodEnd || u.Status == incomplete {
		s.end(u)
		return
	}
	since := u.CurrentPeriodStart
	if u.Status == trialing {
		u.Status = active
	}
	s.enterPhase(u)
	u.CurrentPeriodStart = u.CurrentPeriodEnd
	u.CurrentPeriodEnd = u.next(u.CurrentPeriodStart)
	s.emit("customer.subscription.updated", u.copied())
	s.bill(u, "subscription_cycle", since)
}
