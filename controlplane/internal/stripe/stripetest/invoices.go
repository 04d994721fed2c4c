package stripetest

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// The retries of an invoice that is not paid, after each attempt; when they are
// used up the subscription is unpaid.
var retryAfter = []time.Duration{3 * 24 * time.Hour, 5 * 24 * time.Hour, 7 * 24 * time.Hour}

func round(x float64) int64 { return int64(math.Round(x)) }

// bill makes, finalises and tries to collect the invoice that is due: what is
// pending, the period that begins, and the metered usage since a time.
func (s *Server) bill(u *subscription, reason string, usedSince int64) {
	v := s.draft(u, reason, usedSince)
	u.pending = nil
	v.ID, v.Number, v.Status = s.id("in"), fmt.Sprintf("F-%06d", s.serial), "open"
	v.HostedInvoiceURL, v.InvoicePDF = s.opts.BaseURL+"/pay/"+v.ID, s.opts.BaseURL+"/pay/"+v.ID+"/pdf"
	v.StatusTransitions.FinalizedAt = s.now.Unix()
	s.invoices.put(v.ID, v)
	u.LatestInvoice = v.ID
	s.emit("invoice.finalized", *v)
	s.collect(v)
}

// draft is the invoice as it would be now.
func (s *Server) draft(u *subscription, reason string, usedSince int64) *invoice {
	now := s.now.Unix()
	v := &invoice{
		Object: "invoice", Created: now, Customer: u.Customer, Subscription: u.ID, Status: "draft", BillingReason: reason, Currency: u.Currency,
		PeriodStart: usedSince, PeriodEnd: now, Lines: listOf(append([]line{}, u.pending...), false),
	}
	if reason != "subscription_update" {
		for _, i := range u.Items.Data {
			v.Lines.Data = append(v.Lines.Data, s.lineOf(u, i, usedSince))
		}
	}
	for _, l := range v.Lines.Data {
		v.Subtotal += l.Amount
	}
	v.Total = v.Subtotal
	if d := u.Discount; d != nil && (d.End == 0 || d.End > now) && v.Subtotal > 0 {
		v.Total -= round(float64(v.Subtotal) * d.Coupon.PercentOff / 100)
	}
	if u.AutomaticTax.Enabled && v.Total > 0 {
		v.Tax = round(float64(v.Total) * float64(s.opts.TaxPercent) / 100)
		v.Total += v.Tax
	}
	v.AmountDue = max(0, v.Total)
	v.AmountRemaining = v.AmountDue
	return v
}

// lineOf charges a licensed item for the period that begins, and a metered one
// for what was used before it.
func (s *Server) lineOf(u *subscription, i *item, usedSince int64) line {
	l := line{
		ID: s.id("il"), Object: "line_item", Currency: i.Price.Currency, Description: s.products.by[i.Price.Product].Name, Price: i.Price,
		Quantity: i.Quantity, Period: period{u.CurrentPeriodStart, u.CurrentPeriodEnd},
	}
	switch {
	case i.Price.Recurring.UsageType == "metered":
		l.Period = period{usedSince, u.CurrentPeriodStart}
		l.Quantity = s.used(s.meters.by[i.Price.Recurring.Meter], u.Customer, usedSince, u.CurrentPeriodStart)
		l.Amount = graduated(i.Price, l.Quantity)
	case u.Status != trialing:
		l.Amount = i.Price.UnitAmount * i.Quantity
	}
	return l
}

// graduated prices usage by its tiers.
func graduated(p *price, quantity int64) int64 {
	if p.BillingScheme != "tiered" {
		return p.UnitAmount * quantity
	}
	var sum float64
	var below int64
	for _, t := range p.Tiers {
		upTo := int64(math.MaxInt64)
		if t.UpTo != nil {
			upTo = *t.UpTo
		}
		if n := min(quantity, upTo) - below; n > 0 {
			sum += float64(n) * t.each()
		}
		below = upTo
	}
	return round(sum)
}

// collect tries to have an open invoice paid.
func (s *Server) collect(v *invoice) {
	now := s.now.Unix()
	v.NextPaymentAttempt = 0
	if v.AmountRemaining > 0 {
		v.AttemptCount++
		v.Attempted = true
	}
	if v.AmountRemaining > 0 && s.declined[v.Customer] {
		if n := int(v.AttemptCount); n <= len(retryAfter) {
			v.NextPaymentAttempt = s.now.Add(retryAfter[n-1]).Unix()
		}
		s.emit("invoice.payment_failed", *v)
		s.settle(v)
		return
	}
	if v.AmountRemaining > 0 {
		c := &charge{
			ID: s.id("ch"), Object: "charge", Created: now, Customer: v.Customer, Invoice: v.ID, Amount: v.AmountRemaining, Currency: v.Currency, Status: "succeeded",
		}
		s.charges.put(c.ID, c)
		v.Charge = c.ID
		s.emit("charge.succeeded", *c)
	}
	v.Status, v.AmountPaid, v.AmountRemaining, v.StatusTransitions.PaidAt = "paid", v.AmountDue, 0, now
	s.emit("invoice.paid", *v)
	s.settle(v)
}

// settle has a subscription follow its invoices.
func (s *Server) settle(v *invoice) {
	u := s.subscriptions.by[v.Subscription]
	if u == nil || !u.live() || u.Status == trialing {
		return
	}
	open := s.invoices.all(func(o *invoice) bool { return o.Subscription == u.ID && o.Status == "open" })
	next := active
	switch {
	case len(open) > 0 && u.Status == incomplete:
		next = incomplete
	case len(open) > 0:
		next = pastDue
		for _, o := range open {
			if o.NextPaymentAttempt == 0 {
				next = unpaid
			}
		}
	}
	if next != u.Status {
		u.Status = next
		s.emit("customer.subscription.updated", u.copied())
	}
}

func (s *Server) listInvoices(_ *http.Request, f form) (any, error) {
	return page(&s.invoices, f, func(v *invoice) string { return v.ID }, func(v *invoice) bool {
		return (!f.has("customer") || v.Customer == f.text("customer")) && (!f.has("status") || v.Status == f.text("status"))
	}), nil
}

// upcoming shows what would be on the next invoice, with changes that are only
// asked about.
func (s *Server) upcoming(_ *http.Request, f form) (any, error) {
	real, err := s.subscription(f.text("subscription"))
	if err != nil {
		return nil, err
	}
	u := real.copied()
	u.pending = append([]line{}, real.pending...)
	if f.has("subscription_items") {
		lines, err := s.prorate(&u, f.list("subscription_items"))
		if err != nil {
			return nil, err
		}
		if u.Status != trialing && f.text("subscription_proration_behavior") != "none" {
			u.pending = append(u.pending, lines...)
		}
	}
	since := u.CurrentPeriodStart
	u.Status, u.CurrentPeriodStart = active, u.CurrentPeriodEnd
	u.CurrentPeriodEnd = u.next(u.CurrentPeriodStart)
	return s.draft(&u, "upcoming", since), nil
}

func (s *Server) invoice(id string) (*invoice, error) {
	if v, ok := s.invoices.by[id]; ok {
		return v, nil
	}
	return nil, missing("invoice", id)
}

func (s *Server) payInvoice(r *http.Request, _ form) (any, error) {
	v, err := s.invoice(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if v.Status != "open" {
		return nil, bad("Invoice is already %s", v.Status)
	}
	s.collect(v)
	if v.Status != "paid" {
		return nil, fault(http.StatusPaymentRequired, "card_declined", "Your card was declined.")
	}
	return v, nil
}

func (s *Server) voidInvoice(r *http.Request, _ form) (any, error) {
	v, err := s.invoice(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if v.Status != "open" {
		return nil, bad("Invoice is already %s", v.Status)
	}
	v.Status, v.NextPaymentAttempt = "void", 0
	s.emit("invoice.voided", *v)
	s.settle(v)
	return v, nil
}

func (s *Server) listCharges(_ *http.Request, f form) (any, error) {
	found := page(&s.charges, f, func(c *charge) string { return c.ID }, func(c *charge) bool {
		return !f.has("customer") || c.Customer == f.text("customer")
	})
	all := make([]refundedCharge, len(found.Data))
	for i, c := range found.Data {
		all[i] = s.withRefunds(c)
	}
	return listOf(all, found.HasMore), nil
}

func (s *Server) createRefund(_ *http.Request, f form) (any, error) {
	c, ok := s.charges.by[f.text("charge")]
	if !ok {
		return nil, missing("charge", f.text("charge"))
	}
	amount := f.number("amount")
	if amount == 0 {
		amount = c.Amount - c.AmountRefunded
	}
	if amount <= 0 || amount > c.Amount-c.AmountRefunded {
		return nil, bad("Refund amount is greater than unrefunded amount on charge.")
	}
	c.AmountRefunded += amount
	c.Refunded = c.AmountRefunded == c.Amount
	f2 := &refund{ID: s.id("re"), Object: "refund", Created: s.now.Unix(), Charge: c.ID, Amount: amount, Currency: c.Currency, Reason: f.text("reason"), Status: "succeeded"}
	s.refunds.put(f2.ID, f2)
	s.emit("charge.refunded", *c)
	return f2, nil
}

func money(amount int64, currency string) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, amount/100, amount%100, currency)
}
