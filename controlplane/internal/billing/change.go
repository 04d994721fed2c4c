package billing

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// When says when a change takes effect.
type When string

// A change to more takes effect at once and is charged for the rest of the
// period; one to less at renewal, since what is paid for is kept.
const (
	Now       When = "now"
	AtRenewal When = "renewal"
)

// Quote is what a change would mean.
type Quote struct {
	When When
	Preview
}

// Quote says what a change would cost, and changes nothing.
func (d Desk) Quote(ctx context.Context, id tenancy.ID, o Order) (Quote, error) {
	_, s, plan, err := d.prepare(ctx, id, o)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{When: d.when(s, o)}
	if q.Preview, err = d.Changer.PreviewChange(ctx, s, plan, o.Interval); err != nil {
		return q, err
	}
	if q.When == AtRenewal {
		q.Now, q.At = 0, s.PeriodEnd
		price, _ := plan.Price(o.Interval)
		q.Next = price.Amount
	}
	return q, nil
}

// Change gives a tenant's subscription another plan or interval. Asking for the
// plan that it has undoes a change that waits for renewal.
func (d Desk) Change(ctx context.Context, id tenancy.ID, o Order) (controlplane.BillingAccount, error) {
	a, s, plan, err := d.prepare(ctx, id, o)
	if err != nil {
		return a, err
	}
	if s.Schedule != "" {
		if err := d.Changer.KeepPlan(ctx, s); err != nil {
			return a, err
		}
		s.Schedule, s.NextPlan = "", ""
	}
	if s.Cancelling {
		if err := d.Changer.SetCancelling(ctx, s, false); err != nil {
			return a, err
		}
	}
	switch {
	case s.Plan == o.Plan && s.Interval == o.Interval:
	case d.when(s, o) == Now:
		err = d.Changer.ChangeNow(ctx, s, plan, o.Interval)
	default:
		err = d.Changer.ChangeAtRenewal(ctx, s, plan, o.Interval)
	}
	if err != nil {
		return a, err
	}
	return d.fresh(ctx, a)
}

// Cancel ends a tenant's subscription: at the end of the period, which is paid
// for, or now, without anything paid back.
func (d Desk) Cancel(ctx context.Context, id tenancy.ID, when When) (controlplane.BillingAccount, error) {
	a, s, err := d.subscription(ctx, id)
	if err != nil {
		return a, err
	}
	if s.Schedule != "" {
		if err := d.Changer.KeepPlan(ctx, s); err != nil {
			return a, err
		}
	}
	if when == Now {
		err = d.Changer.CancelNow(ctx, s)
	} else {
		err = d.Changer.SetCancelling(ctx, s, true)
	}
	if err != nil {
		return a, err
	}
	return d.fresh(ctx, a)
}

// GiveCoupon gives a tenant's subscription a discount, instead of any other.
func (d Desk) GiveCoupon(ctx context.Context, id tenancy.ID, coupon string) (controlplane.BillingAccount, error) {
	if err := d.knownCoupon(coupon); err != nil {
		return controlplane.BillingAccount{}, err
	}
	a, s, err := d.subscription(ctx, id)
	if err != nil {
		return a, err
	}
	if err := d.Discounts.GiveCoupon(ctx, s, coupon); err != nil {
		return a, err
	}
	return d.fresh(ctx, a)
}

// prepare finds what is to be changed and to what.
func (d Desk) prepare(ctx context.Context, id tenancy.ID, o Order) (controlplane.BillingAccount, Subscription, plans.Plan, error) {
	a, s, err := d.subscription(ctx, id)
	if err != nil {
		return a, s, plans.Plan{}, err
	}
	if a.Owed > 0 {
		return a, s, plans.Plan{}, fault.New(fault.Conflict, "an invoice is unpaid; pay it first, under the portal's address")
	}
	t, err := d.Tenants.Get(ctx, id)
	if err != nil {
		return a, s, plans.Plan{}, err
	}
	plan, err := d.affordable(ctx, t, o)
	return a, s, plan, err
}

// subscription is the live one of a tenant, as Stripe has it now.
func (d Desk) subscription(ctx context.Context, id tenancy.ID) (controlplane.BillingAccount, Subscription, error) {
	stored, err := d.account(ctx, id)
	if err != nil {
		return stored, Subscription{}, err
	}
	facts, err := d.Looker.Look(ctx, stored.Customer)
	if err != nil {
		return stored, Subscription{}, err
	}
	a := Derive(facts, d.Offered, d.Clock())
	a.TenantID, a.Customer, a.SyncedAt = id, stored.Customer, stored.SyncedAt
	s, ok := counting(facts.Subscriptions)
	if !ok || !a.Live() {
		return a, s, fault.New(fault.Conflict, "the tenant has no subscription; begin with a checkout")
	}
	return a, s, nil
}

func (d Desk) when(s Subscription, o Order) When {
	more := d.Offered.Upgrade(s.Plan, o.Plan) || s.Plan == o.Plan && s.Interval == plans.Monthly && o.Interval == plans.Yearly
	if more || s.Plan == o.Plan && s.Interval == o.Interval || s.Status == "trialing" {
		return Now
	}
	return AtRenewal
}
