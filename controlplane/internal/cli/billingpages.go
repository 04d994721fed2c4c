package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/tenancy"
)

// The pages of the payment provider. Their addresses are for whoever pays.

func (p *program) billingCheckout() *cobra.Command {
	var yearly bool
	var plan, coupon, back string
	cmd := &cobra.Command{
		Use: "checkout TENANT PLAN", Short: "Open a page where a tenant subscribes to a plan", Args: named("TENANT", "PLAN"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long:    "Prints the address of the page, for whoever pays for the tenant. The first subscription begins with the plan's trial.",
		Example: "  cellctl billing checkout acme team --back https://acme.example.com",
		PreRun:  func(_ *cobra.Command, args []string) { plan = args[1] },
		RunE: p.atTenant("open a checkout for", func(ctx context.Context, s *session, t api.Tenant) error {
			return p.page(ctx, t.TenantID, func(ctx context.Context, id tenancy.ID) (api.PageAddress, error) {
				return answer[api.PageAddress](s.OpenCheckout(ctx, id, api.CheckoutRequest{
					Plan: plan, Interval: intervalOf(yearly), Coupon: optional(coupon), SuccessURL: back, CancelURL: back,
				}))
			})
		}),
	}
	intervalFlag(cmd, &yearly)
	cmd.Flags().StringVar(&coupon, "coupon", "", "a discount")
	backFlag(cmd, &back)
	return cmd
}

func (p *program) billingPortal() *cobra.Command {
	var back string
	cmd := &cobra.Command{
		Use: "portal TENANT", Short: "Open the page for means of payment and what is owed", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl billing portal acme --back https://acme.example.com",
		RunE: p.atTenant("open the portal for", func(ctx context.Context, s *session, t api.Tenant) error {
			return p.page(ctx, t.TenantID, func(ctx context.Context, id tenancy.ID) (api.PageAddress, error) {
				return answer[api.PageAddress](s.OpenPortal(ctx, id, api.PortalRequest{ReturnURL: back}))
			})
		}),
	}
	backFlag(cmd, &back)
	return cmd
}

func backFlag(cmd *cobra.Command, back *string) {
	cmd.Flags().StringVar(back, "back", "", "the `URL` where the page leads back to")
	_ = cmd.MarkFlagRequired("back") // fails for undefined flags only
}

func (p *program) billingInvoices() *cobra.Command {
	return &cobra.Command{
		Use: "invoices TENANT", Short: "List a tenant's invoices, the newest first", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl billing invoices acme -o wide",
		RunE: p.atTenant("list the invoices of", func(ctx context.Context, s *session, t api.Tenant) error {
			found, err := answer[api.InvoiceList](s.ListInvoices(ctx, t.TenantID, &api.ListInvoicesParams{}))
			if err != nil {
				return err
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(found)
			}
			return writeTable(p, []column[api.Invoice]{
				{title: "INVOICE", text: func(v api.Invoice) string { return v.Number }},
				{title: "DATE", text: func(v api.Invoice) string { return v.CreatedAt.UTC().Format("2006-01-02") }},
				{title: "STATUS", text: func(v api.Invoice) string { return v.Status }},
				{title: "TOTAL", text: func(v api.Invoice) string { return money(v.Total, v.Currency) }},
				{title: "OWED", text: func(v api.Invoice) string { return money(v.Owed, v.Currency) }},
				{title: "PAID BACK", text: func(v api.Invoice) string {
					if v.Refunded == nil {
						return ""
					}
					return money(v.Refunded.Amount, v.Refunded.Currency)
				}},
				{title: "URL", wide: true, text: func(v api.Invoice) string { return deref(v.URL) }},
			}, found.Invoices)
		}),
	}
}

func (p *program) billingRefunds() *cobra.Command {
	return &cobra.Command{
		Use: "refunds TENANT", Short: "List what a tenant was paid back", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl billing refunds acme",
		RunE: p.atTenant("list the refunds of", func(ctx context.Context, s *session, t api.Tenant) error {
			found, err := answer[api.RefundList](s.ListRefunds(ctx, t.TenantID))
			if err != nil {
				return err
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(found)
			}
			return writeTable(p, []column[api.Refund]{
				{title: "CHARGE", text: func(f api.Refund) string { return f.Charge }},
				{title: "PAID", text: func(f api.Refund) string { return f.PaidAt.UTC().Format("2006-01-02") }},
				{title: "PAID BACK", text: func(f api.Refund) string { return money(f.Amount, f.Currency) }},
				{title: "LAST", text: func(f api.Refund) string { return f.RefundedAt.UTC().Format("2006-01-02") }},
			}, found.Refunds)
		}),
	}
}
