package cli_test

import (
	"context"
	"slices"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// acme pays for team; nobody else ever bought anything.

func (f *fakePlane) paying(id tenancy.ID) bool {
	return slices.ContainsFunc(f.tenants, func(t api.Tenant) bool { return t.TenantID == id && t.Slug == "acme" })
}

func teamBilling(change func(*api.Billing)) api.BillingAnswerJSONResponse {
	end := noon.AddDate(0, 0, 20)
	b := api.Billing{
		Standing: "good", Status: new("active"), Plan: new("team"), Interval: new(plans.Monthly), Amount: new(int64(4900)), Currency: new("usd"), PeriodEnd: &end,
		SyncedAt: new(noon),
	}
	if change != nil {
		change(&b)
	}
	return api.BillingAnswerJSONResponse(b)
}

func (f *fakePlane) ListPlans(context.Context, api.ListPlansRequestObject) (api.ListPlansResponseObject, error) {
	return api.ListPlans200JSONResponse{Currency: "usd", Plans: []api.OfferedPlan{
		{Name: "free", Title: "Free", Prices: []api.OfferedPrice{}, Usage: []api.OfferedUsage{}, Entitlements: []string{}},
		{
			Name: "team", Title: "Team", TrialDays: 14, Prices: []api.OfferedPrice{{Interval: plans.Monthly, Amount: 4900}, {Interval: plans.Yearly, Amount: 49000}},
			Usage: []api.OfferedUsage{{Meter: "jobs", Included: 10, Each: "0.5"}}, Entitlements: []string{"webhooks"},
		},
	}}, nil
}

func (f *fakePlane) GetBilling(_ context.Context, r api.GetBillingRequestObject) (api.GetBillingResponseObject, error) {
	if !f.paying(r.Tenant) {
		return api.GetBilling200JSONResponse{BillingAnswerJSONResponse: api.BillingAnswerJSONResponse{Standing: "good"}}, nil
	}
	return api.GetBilling200JSONResponse{BillingAnswerJSONResponse: teamBilling(func(b *api.Billing) {
		b.Standing, b.Owed, b.OwedSince = "grace", new(int64(4900)), new(noon.AddDate(0, 0, -2))
	})}, nil
}

func (f *fakePlane) OpenCheckout(_ context.Context, r api.OpenCheckoutRequestObject) (api.OpenCheckoutResponseObject, error) {
	if f.paying(r.Tenant) {
		return nil, fault.New(fault.Conflict, "the tenant has a subscription to the plan team; change that")
	}
	return api.OpenCheckout201JSONResponse{PageAnswerJSONResponse: api.PageAnswerJSONResponse{URL: "https://pay.example/cs_1"}}, nil
}

func (f *fakePlane) OpenPortal(context.Context, api.OpenPortalRequestObject) (api.OpenPortalResponseObject, error) {
	return api.OpenPortal201JSONResponse{PageAnswerJSONResponse: api.PageAnswerJSONResponse{URL: "https://pay.example/bps_1"}}, nil
}

func (f *fakePlane) QuoteChange(_ context.Context, r api.QuoteChangeRequestObject) (api.QuoteChangeResponseObject, error) {
	if r.Params.Plan == "starter" {
		return api.QuoteChange200JSONResponse{When: "renewal", Next: 900, Currency: "usd", At: noon.AddDate(0, 0, 20)}, nil
	}
	return api.QuoteChange200JSONResponse{When: "now", Now: 10_000, Next: 19_900, Currency: "usd", At: noon}, nil
}

func (f *fakePlane) ChangeSubscription(_ context.Context, r api.ChangeSubscriptionRequestObject) (api.ChangeSubscriptionResponseObject, error) {
	return api.ChangeSubscription200JSONResponse{BillingAnswerJSONResponse: teamBilling(func(b *api.Billing) { b.Plan, b.Interval = &r.Body.Plan, &r.Body.Interval })}, nil
}

func (f *fakePlane) CancelSubscription(context.Context, api.CancelSubscriptionRequestObject) (api.CancelSubscriptionResponseObject, error) {
	return api.CancelSubscription200JSONResponse{BillingAnswerJSONResponse: teamBilling(func(b *api.Billing) { b.Cancelling = new(true) })}, nil
}

func (f *fakePlane) GiveCoupon(_ context.Context, r api.GiveCouponRequestObject) (api.GiveCouponResponseObject, error) {
	return api.GiveCoupon200JSONResponse{BillingAnswerJSONResponse: teamBilling(func(b *api.Billing) { b.Coupon, b.Amount = &r.Body.Coupon, new(int64(2450)) })}, nil
}

func (f *fakePlane) ListInvoices(context.Context, api.ListInvoicesRequestObject) (api.ListInvoicesResponseObject, error) {
	return api.ListInvoices200JSONResponse{Invoices: []api.Invoice{
		{ID: "in_2", Number: "F-2", Status: "open", Total: 4900, Owed: 4900, Currency: "usd", CreatedAt: noon, URL: new("https://pay.example/in_2")},
		{
			ID: "in_1", Number: "F-1", Status: "paid", Total: 4900, Currency: "usd", CreatedAt: noon.AddDate(0, -1, 0),
			Refunded: &api.Refunded{Amount: 1000, Currency: "usd", At: noon},
		},
	}}, nil
}

func (f *fakePlane) ListRefunds(context.Context, api.ListRefundsRequestObject) (api.ListRefundsResponseObject, error) {
	return api.ListRefunds200JSONResponse{Refunds: []api.Refund{{Charge: "ch_1", Invoice: new("in_1"), Amount: 1000, Currency: "usd", PaidAt: noon.AddDate(0, -1, 0), RefundedAt: noon}}}, nil
}

func (f *fakePlane) SyncBilling(context.Context, api.SyncBillingRequestObject) (api.SyncBillingResponseObject, error) {
	return api.SyncBilling200JSONResponse{BillingAnswerJSONResponse: teamBilling(nil)}, nil
}
