package stripe

import (
	"context"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

// Look returns what is true of a customer now.
func (c *Client) Look(ctx context.Context, customer string) (billing.Facts, error) {
	var f billing.Facts
	known, err := c.api.Customers.Get(customer, &stripego.CustomerParams{Params: stripego.Params{Context: ctx}})
	switch {
	case fault.CodeOf(translate(err)) == fault.NotFound, err == nil && known.Deleted:
		return billing.Facts{Gone: true}, nil
	case err != nil:
		return f, translate(err)
	}
	if f.Subscriptions, err = c.subscriptions(ctx, customer); err != nil {
		return f, err
	}
	if f.Open, err = c.open(ctx, customer); err != nil {
		return f, err
	}
	f.Refunds, err = c.refunds(ctx, customer)
	return f, err
}

func (c *Client) subscriptions(ctx context.Context, customer string) ([]billing.Subscription, error) {
	params := &stripego.SubscriptionListParams{Customer: &customer, Status: ptr("all"), ListParams: listParams(ctx)}
	params.AddExpand("data.schedule")
	params.AddExpand("data.discounts")
	var all []billing.Subscription
	list := c.api.Subscriptions.List(params)
	for list.Next() {
		all = append(all, subscriptionOf(list.Subscription()))
	}
	return all, translate(list.Err())
}

func subscriptionOf(s *stripego.Subscription) billing.Subscription {
	out := billing.Subscription{
		ID: s.ID, Status: string(s.Status), Created: timeOf(s.Created), Currency: string(s.Currency), TrialEnd: timeOf(s.TrialEnd),
		PeriodFrom: timeOf(s.CurrentPeriodStart), PeriodEnd: timeOf(s.CurrentPeriodEnd), Cancelling: s.CancelAtPeriodEnd, EndedAt: timeOf(s.EndedAt),
	}
	if s.Items != nil {
		for _, i := range s.Items.Data {
			addItem(&out, i)
		}
	}
	d := s.Discount
	if len(s.Discounts) > 0 {
		d = s.Discounts[0]
	}
	if d != nil && d.Coupon != nil {
		out.PercentOff, out.Coupon = d.Coupon.PercentOff, d.Coupon.ID
	}
	if p := s.Schedule; p != nil {
		out.Schedule = p.ID
		for _, phase := range p.Phases {
			if phase.StartDate >= s.CurrentPeriodEnd {
				out.NextPlan = phase.Metadata[planMark]
			}
		}
	}
	return out
}

func addItem(out *billing.Subscription, i *stripego.SubscriptionItem) {
	p := i.Price
	if p == nil || p.Recurring == nil {
		return
	}
	item := billing.Item{ID: i.ID, Price: p.ID}
	out.Interval = plans.Interval(p.Recurring.Interval)
	if p.Recurring.UsageType == stripego.PriceRecurringUsageTypeMetered {
		item.Meter = p.Recurring.Meter
		out.Metered = true
	} else {
		out.Plan = p.Metadata[planMark]
		out.Amount += p.UnitAmount * max(1, i.Quantity)
	}
	out.Items = append(out.Items, item)
}

func (c *Client) open(ctx context.Context, customer string) ([]billing.OpenInvoice, error) {
	var all []billing.OpenInvoice
	list := c.api.Invoices.List(&stripego.InvoiceListParams{Customer: &customer, Status: ptr("open"), ListParams: listParams(ctx)})
	for list.Next() {
		v := list.Invoice()
		due := timeOf(v.Created)
		if v.StatusTransitions != nil && v.StatusTransitions.FinalizedAt != 0 {
			due = timeOf(v.StatusTransitions.FinalizedAt)
		}
		all = append(all, billing.OpenInvoice{Due: due, Owed: v.AmountRemaining, Tried: v.Attempted})
	}
	return all, translate(list.Err())
}

func (c *Client) refunds(ctx context.Context, customer string) ([]controlplane.Refund, error) {
	var all []controlplane.Refund
	params := &stripego.ChargeListParams{Customer: &customer, ListParams: listParams(ctx)}
	params.AddExpand("data.refunds")
	list := c.api.Charges.List(params)
	for list.Next() {
		if h := list.Charge(); h.AmountRefunded > 0 {
			all = append(all, refundOf(h))
		}
	}
	return all, translate(list.Err())
}

func refundOf(h *stripego.Charge) controlplane.Refund {
	r := controlplane.Refund{Charge: h.ID, Amount: h.AmountRefunded, Currency: string(h.Currency), PaidAt: timeOf(h.Created)}
	if h.Invoice != nil {
		r.Invoice = h.Invoice.ID
	}
	if h.Refunds != nil {
		for _, one := range h.Refunds.Data {
			if at := timeOf(one.Created); at.After(r.RefundedAt) {
				r.RefundedAt = at
			}
		}
	}
	return r
}

// EventsSince lists what has happened since a time, in pages.
func (c *Client) EventsSince(ctx context.Context, since time.Time, each func([]controlplane.BillingEvent) error) error {
	params := &stripego.EventListParams{CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()}, ListParams: listParams(ctx)}
	var page []controlplane.BillingEvent
	list := c.api.Events.List(params)
	for list.Next() {
		if page = append(page, eventOf(list.Event())); len(page) == listPage {
			if err := each(page); err != nil {
				return err
			}
			page = nil
		}
	}
	if err := list.Err(); err != nil {
		return translate(err)
	}
	return each(page)
}

// Invoices lists a customer's invoices, the newest first.
func (c *Client) Invoices(ctx context.Context, customer string, limit int) ([]controlplane.Invoice, error) {
	var all []controlplane.Invoice
	list := c.api.Invoices.List(&stripego.InvoiceListParams{Customer: &customer, ListParams: listParams(ctx)})
	for len(all) < limit && list.Next() {
		v := list.Invoice()
		all = append(all, controlplane.Invoice{
			ID: v.ID, Number: v.Number, Status: string(v.Status), Total: v.Total, Owed: v.AmountRemaining, Currency: string(v.Currency), Created: timeOf(v.Created),
			PeriodStart: timeOf(v.PeriodStart), PeriodEnd: timeOf(v.PeriodEnd), URL: v.HostedInvoiceURL, PDF: v.InvoicePDF,
		})
	}
	return all, translate(list.Err())
}

func listParams(ctx context.Context) stripego.ListParams {
	return stripego.ListParams{Context: ctx, Limit: stripego.Int64(listPage)}
}
