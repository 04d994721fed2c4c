package stripetest

import (
	"net/http"
	"time"
)

// The states of a subscription.
const (
	trialing   = "trialing"
	active     = "active"
	pastDue    = "past_due"
	unpaid     = "unpaid"
	incomplete = "incomplete"
	canceled   = "canceled"
)

func (u *subscription) live() bool { return u.Status != canceled && u.Status != "incomplete_expired" }

// copied is the subscription as an event shows it: later changes do not show.
func (u *subscription) copied() subscription {
	out := *u
	out.Items.Data = append([]*item{}, u.Items.Data...)
	out.pending = nil
	return out
}

func (s *Server) subscription(id string) (*subscription, error) {
	if u, ok := s.subscriptions.by[id]; ok {
		return u, nil
	}
	return nil, missing("subscription", id)
}

func (s *Server) getSubscription(r *http.Request, _ form) (any, error) {
	return s.subscription(r.PathValue("id"))
}

func (s *Server) listSubscriptions(_ *http.Request, f form) (any, error) {
	found := page(&s.subscriptions, f, func(u *subscription) string { return u.ID }, func(u *subscription) bool {
		if f.has("customer") && u.Customer != f.text("customer") {
			return false
		}
		switch status := f.text("status"); status {
		case "all":
			return true
		case "":
			return u.live()
		default:
			return u.Status == status
		}
	})
	out := make([]expanded, len(found.Data))
	for i, u := range found.Data {
		out[i] = s.expand(u)
	}
	return listOf(out, found.HasMore), nil
}

func (s *Server) createSubscription(_ *http.Request, f form) (any, error) {
	c, err := s.customer(f.text("customer"))
	if err != nil {
		return nil, err
	}
	return s.subscribe(c, f.list("items"), subscribing{
		trialEnd: f.number("trial_end"), trialDays: f.number("trial_period_days"), coupon: f.text("coupon"), tax: f.flag("automatic_tax", "enabled"),
		metadata: f.texts("metadata"),
	})
}

type subscribing struct {
	trialEnd, trialDays int64
	coupon              string
	tax                 bool
	metadata            map[string]string
}

func (s *Server) subscribe(c *customer, items []form, how subscribing) (*subscription, error) {
	now := s.now.Unix()
	u := &subscription{
		ID: s.id("sub"), Object: "subscription", Created: now, StartDate: now, Customer: c.ID, Status: active, Items: listOf[*item](nil, false),
		AutomaticTax: switched{how.tax}, Metadata: merge(nil, how.metadata), CurrentPeriodStart: now,
	}
	if err := s.setItems(u, items); err != nil {
		return nil, err
	}
	if len(u.Items.Data) == 0 {
		return nil, bad("Missing required param: items.")
	}
	if err := s.applyCoupon(u, how.coupon); err != nil {
		return nil, err
	}
	if how.trialDays > 0 {
		how.trialEnd = s.now.AddDate(0, 0, int(how.trialDays)).Unix()
	}
	s.subscriptions.put(u.ID, u)
	if how.trialEnd > now {
		u.Status, u.TrialEnd, u.CurrentPeriodEnd = trialing, how.trialEnd, how.trialEnd
	} else {
		u.CurrentPeriodEnd = u.next(now)
		u.Status = incomplete
	}
	s.emit("customer.subscription.created", u.copied())
	s.bill(u, "subscription_create", u.CurrentPeriodStart)
	return u, nil
}

// next is when a period ends that begins at a time.
func (u *subscription) next(from int64) int64 {
	at := time.Unix(from, 0).UTC()
	if u.Items.Data[0].Price.Recurring.Interval == "year" {
		return at.AddDate(1, 0, 0).Unix()
	}
	return at.AddDate(0, 1, 0).Unix()
}

// setItems changes what is subscribed: items with an id are changed or deleted,
// others are added.
func (s *Server) setItems(u *subscription, changes []form) error {
	for _, in := range changes {
		var now *item
		for _, known := range u.Items.Data {
			if known.ID == in.text("id") {
				now = known
			}
		}
		if in.text("id") != "" && now == nil {
			return missing("subscription_item", in.text("id"))
		}
		if in.flag("deleted") {
			u.drop(now)
			continue
		}
		p, ok := s.prices.by[in.text("price")]
		if !ok || !p.Active {
			return missing("price", in.text("price"))
		}
		next := &item{ID: s.id("si"), Object: "subscription_item", Price: p}
		if p.Recurring.UsageType == "licensed" {
			next.Quantity = max(1, in.number("quantity"))
		}
		if now != nil {
			next.ID = now.ID
			u.drop(now)
		}
		u.Items.Data = append(u.Items.Data, next)
		u.Currency = p.Currency
	}
	for _, i := range u.Items.Data {
		if i.Price.Recurring.Interval != u.Items.Data[0].Price.Recurring.Interval {
			return bad("Currently, all items of a subscription must have the same interval.")
		}
	}
	return nil
}

// drop makes a new list, since previews and events share the old one.
func (u *subscription) drop(gone *item) {
	kept := []*item{}
	for _, i := range u.Items.Data {
		if i != gone {
			kept = append(kept, i)
		}
	}
	u.Items.Data = kept
}

func (s *Server) applyCoupon(u *subscription, id string) error {
	if id == "" {
		return nil
	}
	c, ok := s.coupons.by[id]
	if !ok {
		return missing("coupon", id)
	}
	u.Discount = &discount{ID: s.id("di"), Object: "discount", Coupon: c, Start: s.now.Unix()}
	if c.Duration == "repeating" {
		u.Discount.End = s.now.AddDate(0, int(c.DurationInMonths), 0).Unix()
	}
	return nil
}

func (s *Server) updateSubscription(r *http.Request, f form) (any, error) {
	u, err := s.subscription(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !u.live() {
		return nil, bad("A canceled subscription can only update its cancellation_details.")
	}
	if given := f.list("discounts"); len(given) > 0 {
		if err := s.applyCoupon(u, given[0].text("coupon")); err != nil {
			return nil, err
		}
	}
	if f.has("cancel_at_period_end") {
		u.CancelAtPeriodEnd = f.flag("cancel_at_period_end")
		u.CanceledAt = 0
		if u.CancelAtPeriodEnd {
			u.CanceledAt = s.now.Unix()
		}
	}
	u.Metadata = merge(u.Metadata, f.texts("metadata"))
	if f.has("items") {
		if err := s.changeItems(u, f.list("items"), f.text("proration_behavior")); err != nil {
			return nil, err
		}
	}
	s.emit("customer.subscription.updated", u.copied())
	return u, nil
}

// changeItems changes what is subscribed, now: what was paid and is not used is
// credited, what is used from now on is charged.
func (s *Server) changeItems(u *subscription, changes []form, proration string) error {
	lines, err := s.prorate(u, changes)
	if err != nil {
		return err
	}
	if proration != "none" && u.Status != trialing {
		u.pending = append(u.pending, lines...)
	}
	if proration == "always_invoice" && len(u.pending) > 0 {
		s.bill(u, "subscription_update", s.now.Unix())
	}
	return nil
}

// prorate carries the changes out and returns their lines. A change of interval
// begins a new period.
func (s *Server) prorate(u *subscription, changes []form) ([]line, error) {
	now, before := s.now.Unix(), u.copied()
	if err := s.setItems(u, changes); err != nil {
		return nil, err
	}
	length := u.CurrentPeriodEnd - u.CurrentPeriodStart
	rest := float64(u.CurrentPeriodEnd-now) / float64(length)
	var lines []line
	add := func(i *item, share float64, until int64) {
		if i.Price.Recurring.UsageType == "licensed" {
			lines = append(lines, line{
				ID: s.id("il"), Object: "line_item", Amount: round(float64(i.Price.UnitAmount*i.Quantity) * share), Currency: i.Price.Currency, Proration: true,
				Description: "Time on " + s.products.by[i.Price.Product].Name, Quantity: i.Quantity, Period: period{now, until}, Price: i.Price,
			})
		}
	}
	for _, i := range before.Items.Data {
		add(i, -rest, u.CurrentPeriodEnd)
	}
	if u.Items.Data[0].Price.Recurring.Interval != before.Items.Data[0].Price.Recurring.Interval && u.Status != trialing {
		u.CurrentPeriodStart, u.CurrentPeriodEnd = now, u.next(now)
		rest = 1
	}
	for _, i := range u.Items.Data {
		add(i, rest, u.CurrentPeriodEnd)
	}
	return lines, nil
}

func (s *Server) cancelSubscription(r *http.Request, _ form) (any, error) {
	u, err := s.subscription(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !u.live() {
		return nil, missing("subscription", u.ID)
	}
	s.end(u)
	return u, nil
}

// end ends a subscription for good.
func (s *Server) end(u *subscription) {
	now := s.now.Unix()
	u.Status, u.EndedAt = canceled, now
	if u.CanceledAt == 0 {
		u.CanceledAt = now
	}
	if u.Schedule != nil {
		s.schedules.by[*u.Schedule].Status = "canceled"
		u.Schedule = nil
	}
	s.emit("customer.subscription.deleted", u.copied())
}
