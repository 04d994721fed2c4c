package stripe

import (
	"context"
	"strconv"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/plans"
)

// Marks in the metadata of what is ours.
const (
	ownerMark = "managed_by"
	owner     = "coditect"
	planMark  = "coditect_plan"
)

// Stock reads what Stripe offers.
func (c *Client) Stock(ctx context.Context) (billing.Stock, error) {
	var s billing.Stock
	var err error
	if s.Meters, err = c.meters(ctx); err != nil {
		return s, err
	}
	products := c.api.Products.List(&stripego.ProductListParams{ListParams: listParams(ctx)})
	for products.Next() {
		p := products.Product()
		s.Products = append(s.Products, billing.StockProduct{ID: p.ID, Title: p.Name, Active: p.Active, Ours: p.Metadata[ownerMark] == owner})
	}
	if err := products.Err(); err != nil {
		return s, translate(err)
	}
	events := map[string]string{}
	for _, m := range s.Meters {
		events[m.ID] = m.Event
	}
	params := &stripego.PriceListParams{Active: stripego.Bool(true), ListParams: listParams(ctx)}
	params.AddExpand("data.tiers")
	prices := c.api.Prices.List(params)
	for prices.Next() {
		s.Prices = append(s.Prices, priceOf(prices.Price(), events))
	}
	if err := prices.Err(); err != nil {
		return s, translate(err)
	}
	coupons := c.api.Coupons.List(&stripego.CouponListParams{ListParams: listParams(ctx)})
	for coupons.Next() {
		k := coupons.Coupon()
		s.Coupons = append(s.Coupons, billing.StockCoupon{
			ID: k.ID, Title: k.Name, PercentOff: int(k.PercentOff), Months: int(k.DurationInMonths), Ours: k.Metadata[ownerMark] == owner,
		})
	}
	return s, translate(coupons.Err())
}

func (c *Client) meters(ctx context.Context) ([]billing.StockMeter, error) {
	var all []billing.StockMeter
	list := c.api.BillingMeters.List(&stripego.BillingMeterListParams{ListParams: listParams(ctx)})
	for list.Next() {
		m := list.BillingMeter()
		all = append(all, billing.StockMeter{ID: m.ID, Event: m.EventName, Title: m.DisplayName, Active: m.Status == stripego.BillingMeterStatusActive})
	}
	return all, translate(list.Err())
}

func priceOf(p *stripego.Price, events map[string]string) billing.StockPrice {
	out := billing.StockPrice{
		ID: p.ID, Key: p.LookupKey, Plan: p.Metadata[planMark], Currency: string(p.Currency), Active: p.Active, Ours: p.Metadata[ownerMark] == owner,
	}
	if p.Product != nil {
		out.Product = p.Product.ID
	}
	if p.Recurring == nil {
		return out
	}
	out.Interval = plans.Interval(p.Recurring.Interval)
	if p.Recurring.Meter == "" {
		out.Amount = p.UnitAmount
		return out
	}
	out.Meter = events[p.Recurring.Meter]
	for _, t := range p.Tiers {
		if t.UpTo > 0 {
			out.Included = t.UpTo
			continue
		}
		out.Each = strconv.FormatFloat(t.UnitAmountDecimal, 'f', -1, 64)
	}
	return out
}

// Apply takes one step. Taken twice it does nothing more, or says that the thing
// is there.
func (c *Client) Apply(ctx context.Context, s billing.Step) error {
	switch {
	case s.Meter != nil:
		return c.applyMeter(ctx, s)
	case s.Product != nil:
		return c.applyProduct(ctx, s)
	case s.Price != nil:
		return c.applyPrice(ctx, s)
	}
	return c.applyCoupon(ctx, s)
}

func (c *Client) applyMeter(ctx context.Context, s billing.Step) error {
	var err error
	switch s.Kind {
	case billing.StepArchive:
		params := &stripego.BillingMeterDeactivateParams{}
		params.Context = ctx
		_, err = c.api.BillingMeters.Deactivate(s.Old, params)
	case billing.StepUpdate:
		wake := &stripego.BillingMeterReactivateParams{}
		wake.Context = ctx
		if _, err = c.api.BillingMeters.Reactivate(s.Old, wake); err != nil {
			return translate(err)
		}
		params := &stripego.BillingMeterParams{DisplayName: &s.Meter.Title}
		params.Context = ctx
		_, err = c.api.BillingMeters.Update(s.Old, params)
	default:
		params := &stripego.BillingMeterParams{
			DisplayName: &s.Meter.Title, EventName: &s.Meter.Event,
			CustomerMapping:    &stripego.BillingMeterCustomerMappingParams{EventPayloadKey: ptr(payloadCustomer), Type: ptr("by_id")},
			DefaultAggregation: &stripego.BillingMeterDefaultAggregationParams{Formula: ptr("sum")},
			ValueSettings:      &stripego.BillingMeterValueSettingsParams{EventPayloadKey: ptr(payloadValue)},
		}
		params.Context = ctx
		_, err = c.api.BillingMeters.New(params)
	}
	return translate(err)
}

func (c *Client) applyProduct(ctx context.Context, s billing.Step) error {
	params := &stripego.ProductParams{Name: &s.Product.Title, Active: stripego.Bool(s.Kind != billing.StepArchive)}
	params.Context = ctx
	params.AddMetadata(ownerMark, owner)
	var err error
	if s.Kind == billing.StepCreate {
		params.ID = &s.Product.ID
		_, err = c.api.Products.New(params)
	} else {
		_, err = c.api.Products.Update(s.Old, params)
	}
	return translate(err)
}

func (c *Client) applyPrice(ctx context.Context, s billing.Step) error {
	if s.Kind != billing.StepArchive {
		if err := c.createPrice(ctx, s.Price); err != nil || s.Kind == billing.StepCreate {
			return err
		}
	}
	params := &stripego.PriceParams{Active: stripego.Bool(false)}
	params.Context = ctx
	_, err := c.api.Prices.Update(s.Old, params)
	return translate(err)
}

func (c *Client) createPrice(ctx context.Context, p *billing.StockPrice) error {
	params := &stripego.PriceParams{
		Product: &p.Product, Currency: &p.Currency, LookupKey: &p.Key, TransferLookupKey: stripego.Bool(true),
		Recurring: &stripego.PriceRecurringParams{Interval: ptr(string(p.Interval))},
	}
	params.Context = ctx
	params.AddMetadata(ownerMark, owner)
	params.AddMetadata(planMark, p.Plan)
	if p.Meter == "" {
		params.UnitAmount = &p.Amount
	} else if err := c.byUsage(ctx, p, params); err != nil {
		return err
	}
	_, err := c.api.Prices.New(params)
	return translate(err)
}

// byUsage makes a price one of tiers: what is included costs nothing.
func (c *Client) byUsage(ctx context.Context, p *billing.StockPrice, params *stripego.PriceParams) error {
	all, err := c.meters(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Event == p.Meter && m.Active {
			params.Recurring.Meter = &m.ID
		}
	}
	each, err := strconv.ParseFloat(p.Each, 64)
	if err != nil {
		return err
	}
	params.Recurring.UsageType = ptr("metered")
	params.BillingScheme, params.TiersMode = ptr("tiered"), ptr("graduated")
	if p.Included > 0 {
		params.Tiers = append(params.Tiers, &stripego.PriceTierParams{UpTo: &p.Included, UnitAmountDecimal: stripego.Float64(0)})
	}
	params.Tiers = append(params.Tiers, &stripego.PriceTierParams{UpToInf: stripego.Bool(true), UnitAmountDecimal: &each})
	return nil
}

func (c *Client) applyCoupon(ctx context.Context, s billing.Step) error {
	params := &stripego.CouponParams{Name: &s.Coupon.Title}
	params.Context = ctx
	var err error
	switch s.Kind {
	case billing.StepUpdate:
		_, err = c.api.Coupons.Update(s.Old, params)
		return translate(err)
	case billing.StepArchive, billing.StepReplace:
		gone := &stripego.CouponParams{}
		gone.Context = ctx
		if _, err = c.api.Coupons.Del(s.Old, gone); err != nil || s.Kind == billing.StepArchive {
			return translate(err)
		}
	}
	params.ID, params.PercentOff, params.Duration = &s.Coupon.ID, stripego.Float64(float64(s.Coupon.PercentOff)), ptr("forever")
	if s.Coupon.Months > 0 {
		params.Duration, params.DurationInMonths = ptr("repeating"), stripego.Int64(int64(s.Coupon.Months))
	}
	params.AddMetadata(ownerMark, owner)
	_, err = c.api.Coupons.New(params)
	return translate(err)
}
