package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

const billingHelp = `What tenants buy and pay. Money is Stripe's to know: these commands ask and change it
there, and the tenant's plan and access follow within a second.`

func (p *program) billingCommand() *cobra.Command {
	cmd := group("billing", "Show and change what tenants buy and pay", billingHelp, `  cellctl billing show acme
  cellctl billing quote acme business
  cellctl billing change acme business
  cellctl billing invoices acme`)
	cmd.AddCommand(p.billingPlans(), p.billingShow(), p.billingCheckout(), p.billingPortal(), p.billingQuote(), p.billingChange(), p.billingCancel(),
		p.billingCoupon(), p.billingInvoices(), p.billingRefunds(), p.billingSync())
	return cmd
}

// money is an amount of a currency's smallest unit, of which a hundred make one.
func money(amount int64, currency string) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, amount/100, amount%100, strings.ToUpper(currency))
}

// atTenant runs a command about one tenant; verb is for errors.
func (p *program) atTenant(verb string, do func(ctx context.Context, s *session, t api.Tenant) error) func(*cobra.Command, []string) error {
	return run(func(cmd *cobra.Command, args []string) error {
		s, err := p.connect()
		if err != nil {
			return err
		}
		t, err := s.tenant(cmd.Context(), args[0])
		if err == nil {
			err = do(cmd.Context(), s, t)
		}
		err = hinting(err, fault.Conflict, "'cellctl billing show %s' shows what it subscribes to", args[0])
		return doing(err, "%s tenant %s", verb, args[0])
	})
}

func (p *program) billingPlans() *cobra.Command {
	return &cobra.Command{
		Use: "plans", Short: "Show what is offered", Args: named(), Example: "  cellctl billing plans",
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			offered, err := answer[api.PlanList](s.ListPlans(cmd.Context()))
			if err != nil {
				return doing(err, "list plans")
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(offered)
			}
			return writeTable(p, planColumns(offered.Currency), offered.Plans)
		}),
	}
}

func planColumns(currency string) []column[api.OfferedPlan] {
	price := func(interval plans.Interval) func(api.OfferedPlan) string {
		return func(o api.OfferedPlan) string {
			for _, x := range o.Prices {
				if x.Interval == interval {
					return money(x.Amount, currency)
				}
			}
			return ""
		}
	}
	return []column[api.OfferedPlan]{
		{title: "PLAN", text: func(o api.OfferedPlan) string { return o.Name }},
		{title: "MONTH", text: price(plans.Monthly)},
		{title: "YEAR", text: price(plans.Yearly)},
		{title: "TRIAL", text: func(o api.OfferedPlan) string { return days(o.TrialDays) }},
		{title: "ENTITLEMENTS", text: func(o api.OfferedPlan) string { return strings.Join(o.Entitlements, ",") }},
	}
}

func days(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d days", n)
}

func (p *program) billingShow() *cobra.Command {
	return &cobra.Command{
		Use: "show TENANT", Short: "Show what a tenant pays for and how it stands", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl billing show acme\n  cellctl billing show acme -o json",
		RunE: p.atTenant("show the billing of", func(ctx context.Context, s *session, t api.Tenant) error {
			b, err := answer[api.Billing](s.GetBilling(ctx, t.TenantID))
			if err != nil {
				return err
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(b)
			}
			return writeFields(p, billingFields(t, b))
		}),
	}
}

func billingFields(t api.Tenant, b api.Billing) []field {
	currency := deref(b.Currency)
	paid := ""
	if b.Amount != nil {
		paid = money(*b.Amount, currency) + " a " + string(deref(b.Interval))
	}
	owed := ""
	if b.Owed != nil {
		owed = money(*b.Owed, currency) + " since " + moment(b.OwedSince)
	}
	return []field{
		{label: "Tenant", value: t.Slug},
		{label: "Standing", value: string(b.Standing)},
		{label: "Owed", value: owed, wide: owed == ""},
		{label: "Has plan", value: t.Plan},
		{label: "Pays for", value: deref(b.Plan)},
		{label: "Blocked", value: deref(b.Blocked), wide: b.Blocked == nil},
		{label: "Subscription", value: deref(b.Status)},
		{label: "Price", value: paid},
		{label: "Coupon", value: deref(b.Coupon), wide: b.Coupon == nil},
		{label: "Trial ends", value: moment(b.TrialEnd), wide: b.TrialEnd == nil},
		{label: "Period ends", value: moment(b.PeriodEnd)},
		{label: "Then", value: then(b), wide: then(b) == ""},
		{label: "Compared", value: moment(b.SyncedAt), wide: true},
	}
}

func then(b api.Billing) string {
	switch {
	case deref(b.Cancelling):
		return "cancelled"
	case b.NextPlan != nil:
		return "plan " + *b.NextPlan
	}
	return ""
}

func intervalFlag(cmd *cobra.Command, yearly *bool) {
	cmd.Flags().BoolVar(yearly, "yearly", false, "paid by the year, not by the month")
}

func intervalOf(yearly bool) plans.Interval {
	if yearly {
		return plans.Yearly
	}
	return plans.Monthly
}

func (p *program) billingQuote() *cobra.Command {
	var yearly bool
	var plan string
	cmd := &cobra.Command{
		Use: "quote TENANT PLAN", Short: "Say what a change of plan would cost, and change nothing", Args: named("TENANT", "PLAN"),
		ValidArgsFunction: firstOnly(p.tenantNames), Example: "  cellctl billing quote acme business --yearly",
		PreRun: func(_ *cobra.Command, args []string) { plan = args[1] },
		RunE: p.atTenant("quote a change of plan for", func(ctx context.Context, s *session, t api.Tenant) error {
			q, err := answer[api.Quote](s.QuoteChange(ctx, t.TenantID, &api.QuoteChangeParams{Plan: plan, Interval: intervalOf(yearly)}))
			if err != nil {
				return err
			}
			return p.done(q, "%s would get plan %s %s: %s at once, then %s", t.Slug, plan, at(q), money(q.Now, q.Currency), money(q.Next, q.Currency))
		}),
	}
	intervalFlag(cmd, &yearly)
	return cmd
}

func at(q api.Quote) string {
	if q.When == "now" {
		return "now"
	}
	return "on " + q.At.UTC().Format("2006-01-02")
}

func (p *program) billingChange() *cobra.Command {
	var yearly bool
	var plan string
	cmd := &cobra.Command{
		Use: "change TENANT PLAN", Short: "Change what a tenant subscribes to", Args: named("TENANT", "PLAN"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `To more takes effect at once and is charged for the rest of the period; to less at
renewal. To the plan that the tenant has takes back what waits for renewal.
'cellctl billing quote' says beforehand what it costs.`,
		Example: "  cellctl billing change acme business",
		PreRun:  func(_ *cobra.Command, args []string) { plan = args[1] },
		RunE: p.atTenant("change the plan of", func(ctx context.Context, s *session, t api.Tenant) error {
			b, err := answer[api.Billing](s.ChangeSubscription(ctx, t.TenantID, api.SubscriptionChange{Plan: plan, Interval: intervalOf(yearly)}))
			if err != nil {
				return err
			}
			return p.done(b, "%s pays for plan %s%s", t.Slug, deref(b.Plan), later(b))
		}),
	}
	intervalFlag(cmd, &yearly)
	return cmd
}

// later says what waits for the period's end.
func later(b api.Billing) string {
	if next := then(b); next != "" {
		return "; " + next + " on " + b.PeriodEnd.UTC().Format("2006-01-02")
	}
	return ""
}

func (p *program) billingCancel() *cobra.Command {
	var now bool
	cmd := &cobra.Command{
		Use: "cancel TENANT", Short: "Cancel a tenant's subscription at the end of its period", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long:    "Until then the tenant has what it paid for; afterwards it has the default plan. 'billing change' to its plan takes it back.",
		Example: "  cellctl billing cancel acme",
		RunE: p.atTenant("cancel the subscription of", func(ctx context.Context, s *session, t api.Tenant) error {
			params := &api.CancelSubscriptionParams{}
			if now {
				params.When = new(api.ChangeTime("now"))
			}
			b, err := answer[api.Billing](s.CancelSubscription(ctx, t.TenantID, params))
			if err != nil {
				return err
			}
			if now {
				return p.done(b, "the subscription of %s has ended", t.Slug)
			}
			return p.done(b, "%s pays for plan %s%s", t.Slug, deref(b.Plan), later(b))
		}),
	}
	cmd.Flags().BoolVar(&now, "now", false, "at once; nothing is paid back")
	return cmd
}

func (p *program) billingCoupon() *cobra.Command {
	var coupon string
	return &cobra.Command{
		Use: "coupon TENANT COUPON", Short: "Give a tenant's subscription a discount", Args: named("TENANT", "COUPON"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl billing coupon acme nonprofit",
		PreRun:  func(_ *cobra.Command, args []string) { coupon = args[1] },
		RunE: p.atTenant("give a coupon to", func(ctx context.Context, s *session, t api.Tenant) error {
			b, err := answer[api.Billing](s.GiveCoupon(ctx, t.TenantID, api.CouponGift{Coupon: coupon}))
			if err != nil {
				return err
			}
			return p.done(b, "%s has coupon %s and pays %s a %s", t.Slug, deref(b.Coupon), money(deref(b.Amount), deref(b.Currency)), deref(b.Interval))
		}),
	}
}

func (p *program) billingSync() *cobra.Command {
	return &cobra.Command{
		Use: "sync TENANT", Short: "Compare a tenant's account with Stripe now", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: "It happens by itself with every event and once a day.", Example: "  cellctl billing sync acme",
		RunE: p.atTenant("sync the billing of", func(ctx context.Context, s *session, t api.Tenant) error {
			b, err := answer[api.Billing](s.SyncBilling(ctx, t.TenantID))
			if err != nil {
				return err
			}
			return p.done(b, "%s is in standing %s", t.Slug, b.Standing)
		}),
	}
}

func (p *program) page(ctx context.Context, id tenancy.ID, open func(context.Context, tenancy.ID) (api.PageAddress, error)) error {
	page, err := open(ctx, id)
	if err != nil {
		return err
	}
	return p.done(page, "%s", page.URL)
}
