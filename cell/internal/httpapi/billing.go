package httpapi

import (
	"context"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/billing"
)

// GetBilling implements the API.
func (s *server) GetBilling(ctx context.Context, _ api.GetBillingRequestObject) (api.GetBillingResponseObject, error) {
	a, err := s.Billing.Show(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	return api.GetBilling200JSONResponse(a), nil
}

// ListPlans implements the API.
func (s *server) ListPlans(ctx context.Context, _ api.ListPlansRequestObject) (api.ListPlansResponseObject, error) {
	offer, err := s.Billing.Offer(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	return api.ListPlans200JSONResponse{Currency: offer.Currency, Plans: listOf(offer.Plans, planOf)}, nil
}

func planOf(p billing.Plan) api.Plan {
	return api.Plan{
		Name: p.Name, Title: p.Title, TrialDays: p.TrialDays, Entitlements: append([]string{}, p.Entitlements...),
		Prices: listOf(p.Prices, func(p billing.Price) api.PlanPrice { return api.PlanPrice(p) }),
		Usage:  listOf(p.Usage, func(r billing.Rate) api.PlanRate { return api.PlanRate(r) }),
	}
}

// GetBilledUsage implements the API.
func (s *server) GetBilledUsage(ctx context.Context, _ api.GetBilledUsageRequestObject) (api.GetBilledUsageResponseObject, error) {
	u, err := s.Billing.Usage(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	return api.GetBilledUsage200JSONResponse{
		PeriodStart: u.PeriodStart, PeriodEnd: u.PeriodEnd,
		Meters: listOf(u.Meters, func(m billing.Meter) api.BilledMeter { return api.BilledMeter(m) }),
	}, nil
}

const defaultInvoices = 25

// ListInvoices implements the API.
func (s *server) ListInvoices(ctx context.Context, r api.ListInvoicesRequestObject) (api.ListInvoicesResponseObject, error) {
	limit := defaultInvoices
	if r.Params.Limit != nil {
		limit = int(*r.Params.Limit)
	}
	invoices, err := s.Billing.Invoices(ctx, callFrom(ctx), limit)
	if err != nil {
		return nil, err
	}
	return api.ListInvoices200JSONResponse{Invoices: listOf(invoices, invoiceOf)}, nil
}

func invoiceOf(v billing.Invoice) api.Invoice {
	return api.Invoice{
		ID: v.ID, Number: v.Number, Status: v.Status, Total: v.Total, Owed: v.Owed, Currency: v.Currency, CreatedAt: v.CreatedAt,
		PeriodStart: v.PeriodStart, PeriodEnd: v.PeriodEnd, URL: v.URL, Pdf: v.Pdf, Refunded: (*api.Refunded)(v.Refunded),
	}
}

// OpenCheckout implements the API.
func (s *server) OpenCheckout(ctx context.Context, r api.OpenCheckoutRequestObject) (api.OpenCheckoutResponseObject, error) {
	p := billing.Purchase{
		Order: billing.Order{Plan: r.Body.Plan, Interval: string(r.Body.Interval)}, SuccessURL: r.Body.SuccessURL, CancelURL: r.Body.CancelURL,
	}
	if r.Body.Coupon != nil {
		p.Coupon = *r.Body.Coupon
	}
	address, err := s.Billing.Checkout(ctx, callFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return api.OpenCheckout201JSONResponse{URL: address}, nil
}

// OpenPortal implements the API.
func (s *server) OpenPortal(ctx context.Context, r api.OpenPortalRequestObject) (api.OpenPortalResponseObject, error) {
	address, err := s.Billing.Portal(ctx, callFrom(ctx), r.Body.ReturnURL)
	if err != nil {
		return nil, err
	}
	return api.OpenPortal201JSONResponse{URL: address}, nil
}

// QuoteChange implements the API.
func (s *server) QuoteChange(ctx context.Context, r api.QuoteChangeRequestObject) (api.QuoteChangeResponseObject, error) {
	q, err := s.Billing.Quote(ctx, callFrom(ctx), billing.Order{Plan: r.Params.Plan, Interval: string(r.Params.Interval)})
	if err != nil {
		return nil, err
	}
	return api.QuoteChange200JSONResponse(q), nil
}

// ChangeSubscription implements the API.
func (s *server) ChangeSubscription(ctx context.Context, r api.ChangeSubscriptionRequestObject) (api.ChangeSubscriptionResponseObject, error) {
	a, err := s.Billing.Change(ctx, callFrom(ctx), billing.Order{Plan: r.Body.Plan, Interval: string(r.Body.Interval)})
	if err != nil {
		return nil, err
	}
	return api.ChangeSubscription200JSONResponse(a), nil
}

// CancelSubscription implements the API.
func (s *server) CancelSubscription(ctx context.Context, _ api.CancelSubscriptionRequestObject) (api.CancelSubscriptionResponseObject, error) {
	a, err := s.Billing.Cancel(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	return api.CancelSubscription200JSONResponse(a), nil
}
