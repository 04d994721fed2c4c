package billing_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// remove deletes a tenant as an operator does.
func (w *world) remove(t *testing.T, id tenancy.ID) {
	t.Helper()
	next, _, err := w.get(t, id).Delete(w.Now().Add(controlplane.DefaultGrace))
	must(t, err)
	_, err = w.update(t, next)
	must(t, err)
}

// reap ends tenants whose grace period is over; their cells have nothing left.
func (w *world) reap(t *testing.T) {
	t.Helper()
	store := postgres.TenantStore{DB: w.db}
	due, err := store.BeginReaping(t.Context(), w.Now(), 10)
	must(t, err)
	for _, tenant := range due {
		must(t, store.Tombstone(t.Context(), tenant))
	}
}

// While a deleted tenant may come back, nothing is renewed and what is paid for is
// kept; when it may not any more, the subscription ends, however long Stripe was
// down meanwhile.
func TestADeletedTenantsSubscriptionEnds(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id, _ := w.subscribed(t, "acme", "business", true)
	year := billing.Order{Plan: "team", Interval: plans.Yearly}
	_, err := w.desk.Change(ctx, id, year) // at renewal: a schedule
	must(t, err)
	w.settle(t)
	w.FailWith(func(*http.Request) *stripetest.Failure {
		return &stripetest.Failure{Status: http.StatusServiceUnavailable}
	})
	w.remove(t, id)
	if err := w.syncer.RunOnce(ctx); err == nil {
		t.Error("Stripe is down, and nobody says so")
	}
	w.FailWith(nil)
	w.Advance(time.Hour)
	w.settle(t)
	if a := w.account(t, id); !a.Cancelling || a.Status != "active" || a.NextPlan != "" || a.Plan != "business" {
		t.Errorf("deleted, and may come back: %+v", a)
	}

	back, _, err := w.get(t, id).Resume()
	must(t, err)
	_, err = w.update(t, back)
	must(t, err)
	a, err := w.desk.Change(ctx, id, billing.Order{Plan: "business", Interval: plans.Monthly})
	if err != nil || a.Cancelling {
		t.Errorf("resumed, and it is to go on: %+v, %v", a, err)
	}
	must(t, w.client.ChangeNow(ctx, w.subscriptions(t, id)[0], mustPlan("business"), plans.Yearly)) // so that it outlasts the grace period
	w.settle(t)

	w.remove(t, id)
	w.settle(t)
	w.Advance(controlplane.DefaultGrace + day)
	w.settle(t)
	if a := w.account(t, id); a.Status != "active" || !a.Cancelling || w.get(t, id).State != "deleting" {
		t.Errorf("the year is paid for: %+v", a)
	}
	w.FailWith(func(r *http.Request) *stripetest.Failure {
		if r.Method == http.MethodDelete {
			return &stripetest.Failure{Status: http.StatusInternalServerError}
		}
		return nil
	})
	w.reap(t)
	for range 3 {
		if err := w.syncer.RunOnce(ctx); err == nil {
			t.Error("the cancellation failed, and nobody says so")
		}
		w.Advance(time.Hour)
	}
	w.FailWith(nil)
	w.settle(t)
	if a := w.account(t, id); a.Status != "canceled" || w.get(t, id).State != "deleted" || w.get(t, id).Plan != "business" {
		t.Errorf("gone: %+v, %+v", a, w.get(t, id))
	}
	before := len(w.charges(t))
	w.Advance(800 * day)
	w.settle(t)
	if after := len(w.charges(t)); after != before {
		t.Errorf("%d charges after the tenant was gone", after-before)
	}
}

// A page that was open when the tenant was deleted sells nothing that lasts.
func TestWhatADeletedTenantBuysIsCancelled(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id := w.tenant(t, "acme")
	order := billing.Order{Plan: "team", Interval: plans.Monthly}
	page, err := w.desk.Checkout(ctx, id, order, "", "http://x/ok", "http://x/no")
	must(t, err)
	w.remove(t, id)
	_, err = w.CompleteCheckout(page)
	must(t, err)
	w.settle(t)
	if a := w.account(t, id); !a.Cancelling || w.get(t, id).Plan != "free" {
		t.Errorf("%+v", a)
	}
	w.Advance(controlplane.DefaultGrace + day)
	w.settle(t)
	w.reap(t)
	w.settle(t)
	if a := w.account(t, id); a.Status != "canceled" || len(w.charges(t)) != 0 {
		t.Errorf("%+v, %d charges", a, len(w.charges(t)))
	}
}

func (w *world) subscriptions(t *testing.T, id tenancy.ID) []billing.Subscription {
	t.Helper()
	facts, err := w.client.Look(t.Context(), w.account(t, id).Customer)
	must(t, err)
	return facts.Subscriptions
}

func mustPlan(name string) plans.Plan {
	plan, ok := plans.Default().Plan(name)
	if !ok {
		panic(name)
	}
	return plan
}
