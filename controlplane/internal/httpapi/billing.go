package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// ListPlans shows what is offered.
func (s *server) ListPlans(context.Context, api.ListPlansRequestObject) (api.ListPlansResponseObject, error) {
	out := api.ListPlans200JSONResponse{Currency: s.Offered.Currency, Plans: []api.OfferedPlan{}}
	for _, p := range s.Offered.Plans {
		shown := api.OfferedPlan{
			Name: p.Name, Title: p.Title, TrialDays: p.TrialDays, Entitlements: append([]string{}, p.Entitlements...), Prices: []api.OfferedPrice{}, Usage: []api.OfferedUsage{},
		}
		for _, price := range p.Prices {
			shown.Prices = append(shown.Prices, api.OfferedPrice{Interval: price.Interval, Amount: price.Amount})
		}
		for _, u := range p.Usage {
			shown.Usage = append(shown.Usage, api.OfferedUsage{Meter: u.Meter, Included: u.Included, Each: u.Each})
		}
		out.Plans = append(out.Plans, shown)
	}
	return out, nil
}

// desk is where tenants' billing is done, for whoever may: a cell acts for the
// tenants that live in it.
func (s *server) desk(ctx context.Context, id tenancy.ID) (*billing.Desk, error) {
	if s.Desk == nil {
		return nil, fault.New(fault.Unavailable, "billing is not set up in this installation: the control plane has no CONTROLPLANE_STRIPE_KEY")
	}
	if key := caller(ctx); key.Role == controlplane.RoleCell {
		t, err := s.Tenants.Get(ctx, id)
		if err != nil || t.Cell != key.Cell {
			return nil, fault.New(fault.NotFound, "no such tenant")
		}
	}
	return s.Desk, nil
}

func billingAnswer(a controlplane.BillingAccount) api.BillingAnswerJSONResponse {
	return api.BillingAnswerJSONResponse{
		Standing: api.BillingStanding(a.Standing), Status: optional(a.Status), Plan: optional(a.Plan), Interval: optional(a.Interval), Amount: optional(a.Amount),
		Currency: optional(a.Currency), Coupon: optional(a.Coupon), NextPlan: optional(a.NextPlan), TrialEnd: optional(a.TrialEnd), PeriodStart: optional(a.PeriodStart), PeriodEnd: optional(a.PeriodEnd),
		Cancelling: optional(a.Cancelling), EndedAt: optional(a.EndedAt), Owed: optional(a.Owed), OwedSince: optional(a.OwedSince), Blocked: optional(a.Blocked),
		SyncedAt: optional(a.SyncedAt),
	}
}

// GetBilling shows a tenant's billing.
func (s *server) GetBilling(ctx context.Context, r api.GetBillingRequestObject) (api.GetBillingResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := desk.Show(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.GetBilling200JSONResponse{BillingAnswerJSONResponse: billingAnswer(a)}, nil
}

// OpenCheckout opens a page where a plan is bought.
func (s *server) OpenCheckout(ctx context.Context, r api.OpenCheckoutRequestObject) (api.OpenCheckoutResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	url, err := desk.Checkout(ctx, r.Tenant, billing.Order{Plan: r.Body.Plan, Interval: r.Body.Interval}, orDefault(r.Body.Coupon, ""), r.Body.SuccessURL, r.Body.CancelURL)
	if err != nil {
		return nil, err
	}
	return api.OpenCheckout201JSONResponse{PageAnswerJSONResponse: api.PageAnswerJSONResponse{URL: url}}, nil
}

// OpenPortal opens the payment provider's own page about a tenant.
func (s *server) OpenPortal(ctx context.Context, r api.OpenPortalRequestObject) (api.OpenPortalResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	url, err := desk.Portal(ctx, r.Tenant, r.Body.ReturnURL)
	if err != nil {
		return nil, err
	}
	return api.OpenPortal201JSONResponse{PageAnswerJSONResponse: api.PageAnswerJSONResponse{URL: url}}, nil
}

// QuoteChange says what a change would cost.
func (s *server) QuoteChange(ctx context.Context, r api.QuoteChangeRequestObject) (api.QuoteChangeResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	q, err := desk.Quote(ctx, r.Tenant, billing.Order{Plan: r.Params.Plan, Interval: r.Params.Interval})
	if err != nil {
		return nil, err
	}
	return api.QuoteChange200JSONResponse{When: api.ChangeTime(q.When), Now: q.Now, Next: q.Next, Currency: q.Currency, At: q.At}, nil
}

// ChangeSubscription changes what a tenant subscribes to.
func (s *server) ChangeSubscription(ctx context.Context, r api.ChangeSubscriptionRequestObject) (api.ChangeSubscriptionResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := desk.Change(ctx, r.Tenant, billing.Order{Plan: r.Body.Plan, Interval: r.Body.Interval})
	if err != nil {
		return nil, err
	}
	return api.ChangeSubscription200JSONResponse{BillingAnswerJSONResponse: billingAnswer(a)}, nil
}

// CancelSubscription ends what a tenant subscribes to.
func (s *server) CancelSubscription(ctx context.Context, r api.CancelSubscriptionRequestObject) (api.CancelSubscriptionResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := desk.Cancel(ctx, r.Tenant, billing.When(orDefault(r.Params.When, api.ChangeTime(billing.AtRenewal))))
	if err != nil {
		return nil, err
	}
	return api.CancelSubscription200JSONResponse{BillingAnswerJSONResponse: billingAnswer(a)}, nil
}

// GiveCoupon gives a tenant a discount.
func (s *server) GiveCoupon(ctx context.Context, r api.GiveCouponRequestObject) (api.GiveCouponResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := desk.GiveCoupon(ctx, r.Tenant, r.Body.Coupon)
	if err != nil {
		return nil, err
	}
	return api.GiveCoupon200JSONResponse{BillingAnswerJSONResponse: billingAnswer(a)}, nil
}

const defaultInvoices = 25

// ListInvoices lists a tenant's invoices.
func (s *server) ListInvoices(ctx context.Context, r api.ListInvoicesRequestObject) (api.ListInvoicesResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	found, err := desk.Invoices(ctx, r.Tenant, orDefault(r.Params.Limit, defaultInvoices))
	if err != nil {
		return nil, err
	}
	return api.ListInvoices200JSONResponse{Invoices: each(found, invoiceAnswer)}, nil
}

func invoiceAnswer(v controlplane.Invoice) api.Invoice {
	shown := api.Invoice{
		ID: v.ID, Number: v.Number, Status: v.Status, Total: v.Total, Owed: v.Owed, Currency: v.Currency, CreatedAt: v.Created,
		PeriodStart: optional(v.PeriodStart), PeriodEnd: optional(v.PeriodEnd), URL: optional(v.URL), Pdf: optional(v.PDF),
	}
	if r := v.Refund; r.Amount > 0 {
		shown.Refunded = &api.Refunded{Amount: r.Amount, Currency: r.Currency, At: r.RefundedAt}
	}
	return shown
}

// GetBilledUsage shows what a tenant has used of what its plan counts.
func (s *server) GetBilledUsage(ctx context.Context, r api.GetBilledUsageRequestObject) (api.GetBilledUsageResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	bill, err := desk.Bill(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.GetBilledUsage200JSONResponse{
		PeriodStart: optional(bill.From), PeriodEnd: optional(bill.To),
		Meters: each(bill.Usage, func(u billing.MeteredUsage) api.MeteredUsage {
			return api.MeteredUsage{Meter: u.Meter, Title: u.Title, Used: u.Used, Included: u.Included, Each: u.Each}
		}),
	}, nil
}

// ListRefunds lists what a tenant was paid back.
func (s *server) ListRefunds(ctx context.Context, r api.ListRefundsRequestObject) (api.ListRefundsResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	found, err := desk.Refunds(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.ListRefunds200JSONResponse{Refunds: each(found, func(f controlplane.Refund) api.Refund {
		return api.Refund{Charge: f.Charge, Invoice: optional(f.Invoice), Amount: f.Amount, Currency: f.Currency, PaidAt: f.PaidAt, RefundedAt: f.RefundedAt}
	})}, nil
}

// SyncBilling compares a tenant's account with the payment provider.
func (s *server) SyncBilling(ctx context.Context, r api.SyncBillingRequestObject) (api.SyncBillingResponseObject, error) {
	desk, err := s.desk(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := desk.Sync(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.SyncBilling200JSONResponse{BillingAnswerJSONResponse: billingAnswer(a)}, nil
}
