package stripe

import (
	"context"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/plans"
)

// itemsFor are the changes that give a subscription a plan's prices: the plan's
// own in the place of the old plan's, a meter's in the place of that meter's.
func (c *Client) itemsFor(ctx context.Context, s billing.Subscription, p plans.Plan, interval plans.Interval) ([]*stripego.SubscriptionItemsParams, error) {
	prices, err := c.pricesOf(ctx, p, interval)
	if err != nil {
		return nil, err
	}
	old := map[string]string{}
	for _, i := range s.Items {
		old[i.Meter] = i.ID
	}
	var items []*stripego.SubscriptionItemsParams
	for _, price := range prices {
		item := &stripego.SubscriptionItemsParams{Price: &price.id}
		if id, ok := old[price.meter]; ok {
			item.ID = &id
			delete(old, price.meter)
		}
		items = append(items, item)
	}
	for _, id := range old {
		items = append(items, &stripego.SubscriptionItemsParams{ID: &id, Deleted: stripego.Bool(true)})
	}
	return items, nil
}

// PreviewChange says what a change at this moment would cost, before tax.
func (c *Client) PreviewChange(ctx context.Context, s billing.Subscription, p plans.Plan, interval plans.Interval) (billing.Preview, error) {
	items, err := c.itemsFor(ctx, s, p, interval)
	if err != nil {
		return billing.Preview{}, err
	}
	params := &stripego.InvoiceUpcomingParams{Subscription: &s.ID, SubscriptionItems: items, SubscriptionProrationBehavior: ptr("create_prorations")}
	params.Context = ctx
	v, err := c.api.Invoices.Upcoming(params)
	if err != nil {
		return billing.Preview{}, translate(err)
	}
	out := billing.Preview{At: timeOf(v.Created), Currency: string(v.Currency)}
	if v.Lines == nil {
		return out, nil
	}
	for _, l := range v.Lines.Data {
		if l.Proration {
			out.Now += l.Amount
		} else {
			out.Next += l.Amount
		}
	}
	return out, nil
}

// ChangeNow changes a subscription, and charges or credits the rest of the period.
func (c *Client) ChangeNow(ctx context.Context, s billing.Subscription, p plans.Plan, interval plans.Interval) error {
	items, err := c.itemsFor(ctx, s, p, interval)
	if err != nil {
		return err
	}
	params := &stripego.SubscriptionParams{Items: items, ProrationBehavior: ptr("always_invoice")}
	params.Context = ctx
	_, err = c.api.Subscriptions.Update(s.ID, params)
	return translate(err)
}

// ChangeAtRenewal has a schedule change the subscription when its period ends.
func (c *Client) ChangeAtRenewal(ctx context.Context, s billing.Subscription, p plans.Plan, interval plans.Interval) error {
	prices, err := c.pricesOf(ctx, p, interval)
	if err != nil {
		return err
	}
	begin := &stripego.SubscriptionScheduleParams{FromSubscription: &s.ID}
	begin.Context = ctx
	schedule, err := c.api.SubscriptionSchedules.New(begin)
	if err != nil {
		return translate(err)
	}
	now, then := &stripego.SubscriptionSchedulePhaseParams{}, &stripego.SubscriptionSchedulePhaseParams{
		Metadata: map[string]string{planMark: p.Name}, ProrationBehavior: ptr("none"), Iterations: stripego.Int64(1),
	}
	if len(schedule.Phases) > 0 {
		now.StartDate, now.EndDate = &schedule.Phases[0].StartDate, &schedule.Phases[0].EndDate
	}
	for _, i := range s.Items {
		now.Items = append(now.Items, &stripego.SubscriptionSchedulePhaseItemParams{Price: &i.Price})
	}
	for _, price := range prices {
		then.Items = append(then.Items, &stripego.SubscriptionSchedulePhaseItemParams{Price: &price.id})
	}
	params := &stripego.SubscriptionScheduleParams{
		Phases: []*stripego.SubscriptionSchedulePhaseParams{now, then}, EndBehavior: ptr("release"), ProrationBehavior: ptr("none"),
	}
	params.Context = ctx
	_, err = c.api.SubscriptionSchedules.Update(schedule.ID, params)
	return translate(err)
}

// KeepPlan takes back what ChangeAtRenewal ordered.
func (c *Client) KeepPlan(ctx context.Context, s billing.Subscription) error {
	params := &stripego.SubscriptionScheduleReleaseParams{}
	params.Context = ctx
	_, err := c.api.SubscriptionSchedules.Release(s.Schedule, params)
	return translate(err)
}

// SetCancelling has a subscription end with its period, or go on after all.
func (c *Client) SetCancelling(ctx context.Context, s billing.Subscription, cancelling bool) error {
	params := &stripego.SubscriptionParams{CancelAtPeriodEnd: &cancelling}
	params.Context = ctx
	_, err := c.api.Subscriptions.Update(s.ID, params)
	return translate(err)
}

// CancelNow ends a subscription.
func (c *Client) CancelNow(ctx context.Context, s billing.Subscription) error {
	params := &stripego.SubscriptionCancelParams{}
	params.Context = ctx
	_, err := c.api.Subscriptions.Cancel(s.ID, params)
	return translate(err)
}

// GiveCoupon gives a subscription a discount instead of the one that it has.
func (c *Client) GiveCoupon(ctx context.Context, s billing.Subscription, coupon string) error {
	params := &stripego.SubscriptionParams{Discounts: []*stripego.SubscriptionDiscountParams{{Coupon: &coupon}}}
	params.Context = ctx
	_, err := c.api.Subscriptions.Update(s.ID, params)
	return translate(err)
}
