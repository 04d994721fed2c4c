package stripetest

import "net/http"

func (s *Server) createSchedule(_ *http.Request, f form) (any, error) {
	u, err := s.subscription(f.text("from_subscription"))
	if err != nil {
		return nil, err
	}
	if u.Schedule != nil {
		return nil, bad("The subscription is already attached to a schedule: `%s`.", *u.Schedule)
	}
	if !u.live() {
		return nil, bad("The subscription is canceled.")
	}
	p := phase{StartDate: u.CurrentPeriodStart, EndDate: u.CurrentPeriodEnd, Metadata: map[string]string{}}
	for _, i := range u.Items.Data {
		p.Items = append(p.Items, phaseItem{Price: i.Price.ID, Quantity: i.Quantity})
	}
	c := &schedule{
		ID: s.id("sub_sched"), Object: "subscription_schedule", Created: s.now.Unix(), Customer: u.Customer, Subscription: u.ID, Status: "active",
		EndBehavior: "release", Phases: []phase{p},
	}
	s.schedules.put(c.ID, c)
	u.Schedule = &c.ID
	s.emit("subscription_schedule.created", c.copied())
	s.emit("customer.subscription.updated", u.copied())
	return c, nil
}

func (c *schedule) copied() schedule {
	out := *c
	out.Phases = append([]phase{}, c.Phases...)
	return out
}

func (s *Server) schedule(id string) (*schedule, error) {
	if c, ok := s.schedules.by[id]; ok {
		return c, nil
	}
	return nil, missing("subscription schedule", id)
}

func (s *Server) getSchedule(r *http.Request, _ form) (any, error) {
	return s.schedule(r.PathValue("id"))
}

func (s *Server) updateSchedule(r *http.Request, f form) (any, error) {
	c, err := s.schedule(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if c.Status != "active" {
		return nil, bad("You cannot update a subscription schedule that is currently in the `%s` status.", c.Status)
	}
	var phases []phase
	for n, in := range f.list("phases") {
		p := phase{StartDate: in.number("start_date"), EndDate: in.number("end_date"), Metadata: merge(nil, in.texts("metadata"))}
		if n > 0 && p.StartDate == 0 {
			p.StartDate = phases[n-1].EndDate
		}
		for _, i := range in.list("items") {
			if known, ok := s.prices.by[i.text("price")]; !ok || !known.Active {
				return nil, missing("price", i.text("price"))
			}
			p.Items = append(p.Items, phaseItem{Price: i.text("price"), Quantity: i.number("quantity")})
		}
		phases = append(phases, p)
	}
	if len(phases) > 0 {
		c.Phases = phases
	}
	if behaviour := f.text("end_behavior"); behaviour != "" {
		c.EndBehavior = behaviour
	}
	s.emit("subscription_schedule.updated", c.copied())
	return c, nil
}

func (s *Server) releaseSchedule(r *http.Request, _ form) (any, error) {
	c, err := s.schedule(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if c.Status != "active" {
		return nil, bad("You cannot release a subscription schedule that is currently in the `%s` status.", c.Status)
	}
	s.release(c)
	return c, nil
}

func (s *Server) release(c *schedule) {
	c.Status = "released"
	u := s.subscriptions.by[c.Subscription]
	u.Schedule = nil
	s.emit("subscription_schedule.released", c.copied())
	s.emit("customer.subscription.updated", u.copied())
}

// enterPhase gives a subscription the items of its schedule's next phase, if it
// begins by now. After the last one the schedule is over.
func (s *Server) enterPhase(u *subscription) {
	if u.Schedule == nil {
		return
	}
	c := s.schedules.by[*u.Schedule]
	for n, p := range c.Phases {
		if n == 0 || p.StartDate > s.now.Unix() {
			continue
		}
		u.Items.Data = nil
		for _, i := range p.Items {
			u.Items.Data = append(u.Items.Data, &item{ID: s.id("si"), Object: "subscription_item", Price: s.prices.by[i.Price], Quantity: i.Quantity})
		}
		u.Metadata = merge(u.Metadata, p.Metadata)
	}
	if last := c.Phases[len(c.Phases)-1]; len(c.Phases) == 1 || last.StartDate <= s.now.Unix() {
		s.release(c)
	}
}
