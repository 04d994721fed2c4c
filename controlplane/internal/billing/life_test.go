package billing_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

func TestTrialUpgradeDowngradeCancellation(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id, _ := w.subscribed(t, "acme", "team", false)
	w.want(t, id, "in the trial", "team", controlplane.StandingGood)
	if a := w.account(t, id); a.Status != "trialing" || a.TrialEnd.Sub(start) != 14*day || !a.Metered || a.MonthlyRevenue() != 0 {
		t.Errorf("%+v", a)
	}
	w.Advance(15 * day)
	w.settle(t)
	if a := w.account(t, id); a.Status != "active" || a.MonthlyRevenue() != 4900 {
		t.Errorf("after the trial: %+v", a)
	}

	business := billing.Order{Plan: "business", Interval: plans.Monthly}
	q, err := w.desk.Quote(ctx, id, business)
	must(t, err)
	if q.When != billing.Now || q.Now < 13_000 || q.Now > 15_000 || q.Next != 19_900 || q.Currency != "usd" {
		t.Errorf("quote of an upgrade: %+v", q)
	}
	if a := w.account(t, id); a.Plan != "team" {
		t.Error("a quote changed something")
	}
	a, err := w.desk.Change(ctx, id, business)
	if err != nil || a.Plan != "business" {
		t.Fatalf("%+v, %v", a, err)
	}
	w.settle(t)
	w.want(t, id, "upgraded", "business", controlplane.StandingGood)
	invoices, err := w.desk.Invoices(ctx, id, 10)
	if err != nil || len(invoices) != 3 || invoices[0].Status != "paid" || invoices[0].Total != q.Now+(q.Now*19+50)/100 || invoices[0].URL == "" {
		t.Errorf("%+v, %v", invoices, err)
	}

	team := billing.Order{Plan: "team", Interval: plans.Monthly}
	if q, err = w.desk.Quote(ctx, id, team); err != nil || q.When != billing.AtRenewal || q.Now != 0 || q.Next != 4900 || !q.At.Equal(a.PeriodEnd) {
		t.Errorf("quote of a downgrade: %+v, %v", q, err)
	}
	for range 2 { // asked for again, it is the same
		if a, err = w.desk.Change(ctx, id, team); err != nil || a.NextPlan != "team" || a.Plan != "business" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if a, err = w.desk.Change(ctx, id, business); err != nil || a.NextPlan != "" || a.Schedule != "" {
		t.Errorf("taken back: %+v, %v", a, err)
	}
	a, err = w.desk.Change(ctx, id, team)
	must(t, err)
	w.settle(t)
	w.want(t, id, "before renewal", "business", controlplane.StandingGood)
	w.Advance(a.PeriodEnd.Sub(w.Now()) + day)
	w.settle(t)
	w.want(t, id, "after renewal", "team", controlplane.StandingGood)
	if a = w.account(t, id); a.NextPlan != "" || a.Amount != 4900 {
		t.Errorf("%+v", a)
	}

	if a, err = w.desk.Cancel(ctx, id, billing.AtRenewal); err != nil || !a.Cancelling {
		t.Fatalf("%+v, %v", a, err)
	}
	w.settle(t)
	w.want(t, id, "cancelled, but paid for", "team", controlplane.StandingGood)
	w.Advance(32 * day)
	w.settle(t)
	w.want(t, id, "ended", "free", controlplane.StandingGood)
	if a = w.account(t, id); a.Status != "canceled" || a.EndedAt.IsZero() || a.Metered {
		t.Errorf("%+v", a)
	}
	f, err := w.accounts.Figures(ctx)
	if err != nil || f.Churned != 1 || f.Revenue["usd"] != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	url, err := w.desk.Checkout(ctx, id, team, "welcome", "http://x/ok", "http://x/no")
	must(t, err)
	if _, err := w.CompleteCheckout(url); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	if a = w.account(t, id); a.Status != "active" || a.Coupon != "welcome" || a.Amount != 3920 {
		t.Errorf("subscribed again, without a trial: %+v", a)
	}
}

func TestDunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, customer := w.subscribed(t, "acme", "team", true)
	w.Decline(customer, true)
	w.Advance(30 * day) // the renewal fails
	w.settle(t)
	w.want(t, id, "unpaid", "team", controlplane.StandingGrace)
	since := w.account(t, id).OwedSince
	if _, err := w.desk.Change(t.Context(), id, billing.Order{Plan: "business", Interval: plans.Monthly}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an upgrade of who owes: %v", err)
	}
	// Time alone brings the next steps: no event comes.
	for _, step := range []struct {
		after    int
		standing controlplane.Standing
	}{{6, controlplane.StandingGrace}, {7, controlplane.StandingReadOnly}, {20, controlplane.StandingReadOnly}, {21, controlplane.StandingSuspended}} {
		w.Advance(since.AddDate(0, 0, step.after).Sub(w.Now()))
		w.TakeEvents() // lost
		must(t, w.syncer.RunOnce(t.Context()))
		w.want(t, id, "later", "team", step.standing)
	}
	w.Decline(customer, false)
	for _, v := range w.open(t, id) {
		w.pay(t, v)
	}
	w.settle(t)
	w.want(t, id, "paid", "team", controlplane.StandingGood)
}

func TestAnOperatorsSuspensionIsNotPaidAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, customer := w.subscribed(t, "acme", "team", true)
	tenant := w.get(t, id)
	tenant, _, err := tenant.Suspend("abuse")
	must(t, err)
	_, err = w.update(t, tenant)
	must(t, err)
	w.Decline(customer, true)
	w.Advance(60 * day)
	w.settle(t)
	w.Decline(customer, false)
	for _, v := range w.open(t, id) {
		w.pay(t, v)
	}
	w.settle(t)
	if tenant = w.get(t, id); tenant.State != "suspended" || tenant.SuspendedReason != "abuse" {
		t.Errorf("%+v", tenant)
	}
}

func TestAPlanOfAnotherTierWaitsForTheTenantToMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.subscribed(t, "acme", "team", true)
	order := billing.Order{Plan: "enterprise", Interval: plans.Yearly}
	if _, err := w.desk.Change(t.Context(), id, order); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "tier enterprise") {
		t.Errorf("sold what its cell cannot serve: %v", err)
	}
	// Bought at Stripe all the same, by somebody with its dashboard.
	facts, err := w.client.Look(t.Context(), w.account(t, id).Customer)
	must(t, err)
	plan, _ := plans.Default().Plan("enterprise")
	must(t, w.client.ChangeNow(t.Context(), facts.Subscriptions[0], plan, plans.Yearly))
	w.settle(t)
	w.want(t, id, "blocked", "team", controlplane.StandingGood)
	if a := w.account(t, id); a.Plan != "enterprise" || !strings.Contains(a.Blocked, "tier enterprise") || a.Interval != plans.Yearly {
		t.Errorf("%+v", a)
	}
}

func TestRefundsAreRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.subscribed(t, "acme", "team", true)
	charge := w.charges(t)[0]
	w.refund(t, charge, 1000)
	w.settle(t)
	w.refund(t, charge, 500)
	w.settle(t)
	w.settle(t)
	refunds, err := w.desk.Refunds(t.Context(), id)
	if err != nil || len(refunds) != 1 || refunds[0].Amount != 1500 || refunds[0].Charge != charge || refunds[0].Currency != "usd" || !refunds[0].RefundedAt.Equal(w.Now()) {
		t.Errorf("%+v, %v", refunds, err)
	}
}

// An invoice shows what went back of it: also where a version before recorded the
// refund, which did not note the invoice.
func TestInvoicesShowWhatWentBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.subscribed(t, "acme", "team", true)
	w.Advance(30 * day) // another one
	w.settle(t)
	charge := w.charges(t)[0]
	w.refund(t, charge, 1000)
	first := w.Now()
	w.Advance(day)
	w.refund(t, charge, 500)
	last := w.Now()
	w.settle(t)
	must(t, w.exec(t, `UPDATE billing_refunds SET invoice = '', refunded_at = NULL`))
	want := func(when string, refunded int64, at time.Time) {
		t.Helper()
		invoices, err := w.desk.Invoices(t.Context(), id, 10)
		if err != nil || len(invoices) != 3 {
			t.Fatalf("%s: %+v, %v", when, invoices, err)
		}
		for i, v := range invoices {
			r := v.Refund
			if i > 0 && r.Amount != 0 || i == 0 && (r.Amount != refunded || refunded > 0 && (r.Currency != "usd" || !r.RefundedAt.Equal(at) || r.Charge != charge)) {
				t.Errorf("%s: %s: %+v", when, v.Number, r)
			}
		}
	}
	want("before the next sync", 0, first)
	must(t, w.accounts.OrderSync(t.Context(), id))
	must(t, w.syncer.RunOnce(t.Context()))
	want("after it", 1500, last)
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE action = 'billing.refund'`); n != 1 {
		t.Errorf("%d entries of one refund that was known", n)
	}
}

func TestDeskRefusals(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id := w.tenant(t, "acme")
	order := func(plan string, i plans.Interval) billing.Order { return billing.Order{Plan: plan, Interval: i} }
	checkout := func(o billing.Order, coupon string) error {
		_, err := w.desk.Checkout(ctx, id, o, coupon, "http://x", "http://x")
		return err
	}
	_, portal := w.desk.Portal(ctx, id, "http://x")
	_, cancel := w.desk.Cancel(ctx, id, billing.Now)
	_, quote := w.desk.Quote(ctx, id, order("team", plans.Monthly))
	for what, c := range map[string]struct {
		err  error
		code fault.Code
	}{
		"no plan":       {checkout(order("gold", plans.Monthly), ""), fault.Invalid},
		"free":          {checkout(order("free", plans.Monthly), ""), fault.Invalid},
		"no coupon":     {checkout(order("team", plans.Monthly), "half"), fault.Invalid},
		"other tier":    {checkout(order("enterprise", plans.Monthly), ""), fault.Conflict},
		"no customer":   {portal, fault.Conflict},
		"nothing to":    {cancel, fault.Conflict},
		"nothing to be": {quote, fault.Conflict},
	} {
		if fault.CodeOf(c.err) != c.code {
			t.Errorf("%s: %v, want %s", what, c.err, c.code)
		}
	}
	if n := w.Requests()["POST /v1/customers"]; n != 0 {
		t.Errorf("%d customers were made for what was refused", n)
	}
	other, _ := w.subscribed(t, "initech", "team", false)
	if _, err := w.desk.Checkout(ctx, other, order("business", plans.Monthly), "", "http://x", "http://x"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second subscription: %v", err)
	}
}

// A customer that somebody deleted at Stripe is no dead end.
func TestACustomerThatWasDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, customer := w.subscribed(t, "acme", "team", true)
	w.call(t, http.MethodDelete, "/v1/customers/"+customer, nil)
	w.settle(t)
	url, err := w.desk.Checkout(t.Context(), id, billing.Order{Plan: "business", Interval: plans.Monthly}, "", "http://x", "http://x")
	must(t, err)
	_, err = w.CompleteCheckout(url)
	must(t, err)
	w.settle(t)
	w.want(t, id, "bought anew", "business", controlplane.StandingGood)
	if a := w.account(t, id); a.Customer == customer {
		t.Error("the account is still the deleted customer's")
	}
}
