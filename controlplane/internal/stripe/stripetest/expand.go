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
