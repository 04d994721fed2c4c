package stripe

import (
	"context"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

// tenantMark is the key under which our objects at Stripe name their tenant.
const tenantMark = "coditect_tenant"

// CreateCustomer makes a tenant's customer, the one after another; within a day,
// the same one again. It is given the organisation's name, and nothing that
// identifies a person.
func (c *Client) CreateCustomer(ctx context.Context, t controlplane.Tenant, before string) (string, error) {
	params := &stripego.CustomerParams{Name: &t.Organization}
	params.Context, params.IdempotencyKey = ctx, ptr("customer:"+t.TenantID.String()+":"+before)
	params.AddMetadata(tenantMark, t.TenantID.String())
	customer, err := c.api.Customers.New(params)
	if err != nil {
		return "", translate(err)
	}
	return customer.ID, nil
}

// Checkout opens a page where a plan can be bought.
func (c *Client) Checkout(ctx context.Context, p billing.Purchase) (string, error) {
	prices, err := c.pricesOf(ctx, p.Plan, p.Interval)
	if err != nil {
		return "", err
	}
	params := &stripego.CheckoutSessionParams{
		Mode: ptr(string(stripego.CheckoutSessionModeSubscription)), Customer: &p.Customer, ClientReferenceID: ptr(p.Tenant.String()),
		SuccessURL: &p.SuccessURL, CancelURL: &p.CancelURL,
		SubscriptionData: &stripego.CheckoutSessionSubscriptionDataParams{Metadata: map[string]string{tenantMark: p.Tenant.String()}},
	}
	params.Context = ctx
	for _, price := range prices {
		item := &stripego.CheckoutSessionLineItemParams{Price: &price.id}
		if price.meter == "" {
			item.Quantity = stripego.Int64(1)
		}
		params.LineItems = append(params.LineItems, item)
	}
	if p.Trial && p.Plan.TrialDays > 0 {
		params.SubscriptionData.TrialPeriodDays = stripego.Int64(int64(p.Plan.TrialDays))
	}
	if p.Coupon != "" {
		params.Discounts = []*stripego.CheckoutSessionDiscountParams{{Coupon: &p.Coupon}}
	}
	if p.Tax {
		params.AutomaticTax = &stripego.CheckoutSessionAutomaticTaxParams{Enabled: stripego.Bool(true)}
		params.CustomerUpdate = &stripego.CheckoutSessionCustomerUpdateParams{Address: ptr("auto"), Name: ptr("auto")}
		params.TaxIDCollection = &stripego.CheckoutSessionTaxIDCollectionParams{Enabled: stripego.Bool(true)}
	}
	session, err := c.api.CheckoutSessions.New(params)
	if err != nil {
		return "", translate(err)
	}
	return session.URL, nil
}

// Portal opens the page where a customer looks after what it pays and how.
func (c *Client) Portal(ctx context.Context, customer, returnURL string) (string, error) {
	params := &stripego.BillingPortalSessionParams{Customer: &customer, ReturnURL: &returnURL}
	params.Context = ctx
	session, err := c.api.BillingPortalSessions.New(params)
	if err != nil {
		return "", translate(err)
	}
	return session.URL, nil
}

type priceRef struct{ id, meter string } // meter: its id; "" for a licensed price

// pricesOf finds what a plan is sold by.
func (c *Client) pricesOf(ctx context.Context, p plans.Plan, interval plans.Interval) ([]priceRef, error) {
	wanted := []*string{ptr(billing.PlanKey(p.Name, interval))}
	for _, u := range p.Usage {
		wanted = append(wanted, ptr(billing.UsageKey(p.Name, u.Meter, interval)))
	}
	list := c.api.Prices.List(&stripego.PriceListParams{LookupKeys: wanted, Active: stripego.Bool(true), ListParams: listParams(ctx)})
	var found []priceRef
	for list.Next() {
		ref := priceRef{id: list.Price().ID}
		if r := list.Price().Recurring; r != nil {
			ref.meter = r.Meter
		}
		found = append(found, ref)
	}
	if err := list.Err(); err != nil {
		return nil, translate(err)
	}
	if len(found) != len(wanted) {
		return nil, fault.New(fault.Unavailable, "the payment provider does not offer the plan %s as it is offered here; an operator has to run `controlplane billing sync`", p.Name)
	}
	return found, nil
}
