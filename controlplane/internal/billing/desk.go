package billing

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// Desk is where tenants' billing is asked about and changed. What it changes, it
// changes at Stripe; the account here follows by a sync.
type Desk struct {
	Accounts  Accounts
	Used      UsageSums
	Tenants   Tenants
	Cells     Cells
	Looker    Looker
	Seller    Seller
	Changer   Changer
	Discounts Discounter
	Offered   *plans.Catalogue
	Clock     func() time.Time
	Wake      func() // the syncer
}

// Order is a plan that a tenant wants.
type Order struct {
	Plan     string
	Interval plans.Interval
}

// Show returns a tenant's account; one that never bought anything has an empty
// one in good standing.
func (d Desk) Show(ctx context.Context, id tenancy.ID) (controlplane.BillingAccount, error) {
	if _, err := d.Tenants.Get(ctx, id); err != nil {
		return controlplane.BillingAccount{}, err
	}
	a, err := d.Accounts.Account(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return controlplane.BillingAccount{TenantID: id, Standing: controlplane.StandingGood}, nil
	}
	return a, err
}

// Checkout returns the address where a tenant subscribes for the first time, or
// again. The first time there may be a trial.
func (d Desk) Checkout(ctx context.Context, id tenancy.ID, o Order, coupon, successURL, cancelURL string) (url string, err error) {
	t, err := d.Tenants.Get(ctx, id)
	if err != nil {
		return "", err
	}
	plan, err := d.affordable(ctx, t, o)
	if err != nil {
		return "", err
	}
	if err := d.knownCoupon(coupon); err != nil {
		return "", err
	}
	a, facts, err := d.open(ctx, t)
	if err != nil {
		return "", err
	}
	if s, ok := counting(facts.Subscriptions); ok && (controlplane.BillingAccount{Status: s.Status}).Live() {
		return "", fault.New(fault.Conflict, "the tenant has a subscription to the plan %s; change that", s.Plan)
	}
	return d.Seller.Checkout(ctx, Purchase{
		Customer: a.Customer, Tenant: id, Plan: plan, Interval: o.Interval, Trial: len(facts.Subscriptions) == 0, Coupon: coupon, Tax: d.Offered.AutomaticTax,
		SuccessURL: successURL, CancelURL: cancelURL,
	})
}

// Portal returns the address where a tenant's means of payment, invoices and
// what is owed are looked after.
func (d Desk) Portal(ctx context.Context, id tenancy.ID, returnURL string) (string, error) {
	a, err := d.account(ctx, id)
	if err != nil {
		return "", err
	}
	return d.Seller.Portal(ctx, a.Customer, returnURL)
}

// Invoices lists a tenant's invoices, the newest first, with what went back of them
// as far as it is recorded.
func (d Desk) Invoices(ctx context.Context, id tenancy.ID, limit int) ([]controlplane.Invoice, error) {
	a, err := d.Show(ctx, id)
	if err != nil || a.Customer == "" {
		return nil, err
	}
	invoices, err := d.Seller.Invoices(ctx, a.Customer, limit)
	if err != nil {
		return nil, err
	}
	refunds, err := d.Accounts.Refunds(ctx, id)
	if err != nil {
		return nil, err
	}
	of := make(map[string]controlplane.Refund, len(refunds))
	for _, r := range refunds { // of the charges of one invoice at most one was paid
		of[r.Invoice] = r
	}
	for i, v := range invoices {
		invoices[i].Refund = of[v.ID]
	}
	return invoices, nil
}

// Refunds lists what a tenant was paid back.
func (d Desk) Refunds(ctx context.Context, id tenancy.ID) ([]controlplane.Refund, error) {
	if _, err := d.Tenants.Get(ctx, id); err != nil {
		return nil, err
	}
	return d.Accounts.Refunds(ctx, id)
}

// Sync orders the tenant's account to be compared with Stripe, and returns what
// that will come to.
func (d Desk) Sync(ctx context.Context, id tenancy.ID) (controlplane.BillingAccount, error) {
	a, err := d.account(ctx, id)
	if err != nil {
		return a, err
	}
	return d.fresh(ctx, a)
}

// fresh is the account as it is now, which the store learns by a sync.
func (d Desk) fresh(ctx context.Context, a controlplane.BillingAccount) (controlplane.BillingAccount, error) {
	if err := d.Accounts.OrderSync(ctx, a.TenantID); err != nil {
		return a, err
	}
	d.Wake()
	facts, err := d.Looker.Look(ctx, a.Customer)
	if err != nil {
		return a, err
	}
	next := Derive(facts, d.Offered, d.Clock())
	next.TenantID, next.Customer, next.SyncedAt = a.TenantID, a.Customer, a.SyncedAt
	return next, nil
}

// affordable finds a plan that the tenant can have where it lives.
func (d Desk) affordable(ctx context.Context, t controlplane.Tenant, o Order) (plans.Plan, error) {
	plan, ok := d.Offered.Plan(o.Plan)
	if !ok {
		return plan, fault.New(fault.Invalid, "no such plan").At("/plan", "use one that is offered")
	}
	if _, sold := plan.Price(o.Interval); !sold {
		return plan, fault.New(fault.Invalid, "the plan is not sold so").At("/plan", "use a plan that has a price by the %s", o.Interval)
	}
	cell, err := d.Cells.Get(ctx, t.Cell)
	if err != nil {
		return plan, err
	}
	t.Plan = "" // the rule for a plan that it does not have
	_, _, err = t.SetPlan(plan.Name, plan.Tier, cell.Tier)
	return plan, err
}

func (d Desk) knownCoupon(name string) error {
	if name == "" {
		return nil
	}
	for _, c := range d.Offered.Coupons {
		if c.Name == name {
			return nil
		}
	}
	return fault.New(fault.Invalid, "no such coupon").At("/coupon", "use one that is offered")
}

// account is that of a tenant that has one.
func (d Desk) account(ctx context.Context, id tenancy.ID) (controlplane.BillingAccount, error) {
	a, err := d.Show(ctx, id)
	if err == nil && a.Customer == "" {
		err = fault.New(fault.Conflict, "the tenant never bought anything; begin with a checkout")
	}
	return a, err
}

// open returns the tenant's account and what is true of its customer. It makes
// an account if there is none, and a customer if theirs was deleted at Stripe.
// Customers are made under a key of the tenant's, so a crash in between makes no
// second one.
func (d Desk) open(ctx context.Context, t controlplane.Tenant) (controlplane.BillingAccount, Facts, error) {
	a, err := d.Accounts.Account(ctx, t.TenantID)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return a, Facts{}, err
	}
	if err == nil {
		facts, err := d.Looker.Look(ctx, a.Customer)
		if err != nil || !facts.Gone {
			return a, facts, err
		}
	}
	customer, err := d.Seller.CreateCustomer(ctx, t, a.Customer)
	if err != nil {
		return a, Facts{}, err
	}
	a, err = d.Accounts.OpenAccount(ctx, t.TenantID, customer, a.Customer)
	return a, Facts{}, err
}
