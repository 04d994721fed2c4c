package billing_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// twins are two tenants to whom the same happens. The events of one arrive at
// once and in order, those of the other as it comes: swapped, repeated, late, or
// not at all.
type twins struct {
	*world
	ideal, unlucky tenancy.ID
	customers      map[string]tenancy.ID
	late           []controlplane.BillingEvent // of the unlucky one, not delivered yet
}

var scenario = map[string]func(t *testing.T, w *twins, id tenancy.ID){
	"upgrade":    func(t *testing.T, w *twins, id tenancy.ID) { w.change(t, id, "business", plans.Monthly) },
	"downgrade":  func(t *testing.T, w *twins, id tenancy.ID) { w.change(t, id, "team", plans.Monthly) },
	"yearly":     func(t *testing.T, w *twins, id tenancy.ID) { w.change(t, id, "business", plans.Yearly) },
	"coupon":     func(t *testing.T, w *twins, id tenancy.ID) { _, _ = w.desk.GiveCoupon(t.Context(), id, "nonprofit") },
	"cancel":     func(t *testing.T, w *twins, id tenancy.ID) { _, _ = w.desk.Cancel(t.Context(), id, billing.AtRenewal) },
	"cancel now": func(t *testing.T, w *twins, id tenancy.ID) { _, _ = w.desk.Cancel(t.Context(), id, billing.Now) },
	"declined":   func(t *testing.T, w *twins, id tenancy.ID) { w.Decline(w.account(t, id).Customer, true) },
	"pay": func(t *testing.T, w *twins, id tenancy.ID) {
		w.Decline(w.account(t, id).Customer, false)
		for _, v := range w.open(t, id) {
			w.pay(t, v)
		}
	},
	"elsewhere": func(t *testing.T, w *twins, id tenancy.ID) { // by somebody at Stripe's dashboard
		facts, err := w.client.Look(t.Context(), w.account(t, id).Customer)
		if err == nil && len(facts.Subscriptions) > 0 {
			_ = w.client.GiveCoupon(t.Context(), facts.Subscriptions[0], "welcome") // refused where it has ended
		}
	},
	"void": func(t *testing.T, w *twins, id tenancy.ID) {
		for _, v := range w.open(t, id) {
			w.call(t, http.MethodPost, "/v1/invoices/"+v+"/void", nil)
		}
	},
}

func (w *twins) change(t *testing.T, id tenancy.ID, plan string, interval plans.Interval) {
	t.Helper()
	_, _ = w.desk.Change(t.Context(), id, billing.Order{Plan: plan, Interval: interval}) // what the state forbids is refused to both
}

// Whatever becomes of the events, both twins end in the same state.
func TestTheOrderOfEventsDoesNotMatter(t *testing.T) {
	t.Parallel()
	shared := newWorld(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := &twins{world: shared, customers: map[string]tenancy.ID{}}
		var customer [2]string
		w.ideal, customer[0] = shared.subscribed(t, "ideal-"+string(rune('a'+n/26%26))+string(rune('a'+n%26))+tenancy.NewID().String()[24:], "team", false)
		w.unlucky, customer[1] = shared.subscribed(t, "unlucky-"+tenancy.NewID().String()[24:], "team", false)
		w.customers[customer[0]], w.customers[customer[1]] = w.ideal, w.unlucky
		names := rapid.SampledFrom([]string{"upgrade", "downgrade", "yearly", "coupon", "cancel", "cancel now", "declined", "declined", "pay", "void", "elsewhere", "elsewhere", "time", "time", "time"})
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			switch step := names.Draw(r, "step"); step {
			case "time":
				w.Advance(time.Duration(rapid.IntRange(1, 40*24).Draw(r, "hours")) * time.Hour)
			default:
				scenario[step](t, w, w.ideal)
				scenario[step](t, w, w.unlucky)
			}
			w.deliver(t, r)
		}
		reconciler := billing.Reconciler{Lister: w.client, Store: w.accounts, Wake: w.syncer.WakeUp, Metrics: w.metrics, Clock: w.Now}
		must(t, reconciler.RunOnce(t.Context()))
		must(t, w.syncer.RunOnce(t.Context()))
		w.compare(t, r)
		for c := range w.customers {
			w.call(t, http.MethodDelete, "/v1/customers/"+c, nil)
		}
		w.TakeEvents()
	})
}

// deliver brings the one's events as they should, and does to the other's what
// can happen to them.
func (w *twins) deliver(t *testing.T, r *rapid.T) {
	t.Helper()
	hooks, outage := stripe.Hooks{Secret: "whsec_x"}, rapid.Bool().Draw(r, "none arrives")
	for _, raw := range w.TakeEvents() {
		e, err := hooks.Verify(raw.Payload, stripetest.Signature(raw.Payload, "whsec_x", time.Now()))
		must(t, err)
		switch w.customers[e.Customer] {
		case w.ideal:
			must(t, w.inbox.Take(t.Context(), e))
		case w.unlucky:
			if !outage && rapid.IntRange(0, 3).Draw(r, "lost") > 0 {
				w.late = append(w.late, e)
			}
		}
	}
	for range rapid.IntRange(0, 4).Draw(r, "deliveries") {
		if len(w.late) == 0 {
			break
		}
		i := rapid.IntRange(0, len(w.late)-1).Draw(r, "which")
		must(t, w.inbox.Take(t.Context(), w.late[i]))
		if rapid.Bool().Draw(r, "again later") {
			continue
		}
		w.late = append(w.late[:i:i], w.late[i+1:]...)
	}
	must(t, w.syncer.RunOnce(t.Context()))
}

func (w *twins) compare(t *testing.T, r *rapid.T) {
	t.Helper()
	a, b := w.account(t, w.ideal), w.account(t, w.unlucky)
	if a.SyncedAt.IsZero() || !b.SyncedAt.Equal(w.Now()) && a.ReviewAt.Before(w.Now()) && !a.ReviewAt.IsZero() {
		r.Fatalf("not synced: %+v, %+v", a, b)
	}
	one, other := w.get(t, w.ideal), w.get(t, w.unlucky)
	for _, x := range []*controlplane.BillingAccount{&a, &b} { // what names the one or the other
		x.TenantID, x.Customer, x.Subscription, x.Schedule, x.SyncedAt = tenancy.ID{}, "", "", "", time.Time{}
	}
	if !reflect.DeepEqual(a, b) || one.Plan != other.Plan || directory.AccessOf(one.Edge) != directory.AccessOf(other.Edge) {
		r.Fatalf("in order:\n%+v, plan %s, access %q\nas it came:\n%+v, plan %s, access %q", a, one.Plan, directory.AccessOf(one.Edge), b, other.Plan, directory.AccessOf(other.Edge))
	}
}

// A worker that was overtaken changes nothing any more.
func TestWhoWasOvertakenSettlesNothing(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id, _ := w.subscribed(t, "acme", "team", true)
	must(t, w.accounts.OrderSync(ctx, id))
	first, err := w.accounts.ClaimSyncs(ctx, w.Now(), w.Now().Add(time.Minute), 10)
	if err != nil || len(first) != 1 {
		t.Fatalf("%v, %v", first, err)
	}
	if held, err := w.accounts.ClaimSyncs(ctx, w.Now(), w.Now().Add(time.Minute), 10); err != nil || len(held) != 0 {
		t.Errorf("claimed twice: %v, %v", held, err)
	}
	w.Advance(2 * time.Minute)
	must(t, w.syncer.RunOnce(ctx)) // its lease was over
	tenant := w.get(t, id)
	tenant.Plan = "free"
	err = w.accounts.Settle(ctx, first[0], controlplane.Settlement{Account: controlplane.BillingAccount{Standing: controlplane.StandingSuspended}, Tenant: tenant, Changed: true})
	if err == nil {
		t.Error("settled what was old")
	}
	w.want(t, id, "still", "team", controlplane.StandingGood)
}

// An order that comes while another is carried out is carried out, too.
func TestAnOrderMeanwhileIsNotLost(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id, customer := w.subscribed(t, "acme", "team", true)
	must(t, w.accounts.OrderSync(ctx, id))
	syncer := *w.syncer
	syncer.Looker = lookThen{w.client, func() {
		e := controlplane.BillingEvent{ID: "evt_meanwhile", Type: "x", Customer: customer, Created: w.Now()}
		must(t, w.inbox.Take(ctx, e))
	}}
	must(t, syncer.RunOnce(ctx))
	if due, err := w.accounts.ClaimSyncs(ctx, w.Now(), w.Now().Add(time.Minute), 10); err != nil || len(due) != 1 {
		t.Errorf("%v, %v", due, err)
	}
}

type lookThen struct {
	billing.Looker
	then func()
}

func (l lookThen) Look(ctx context.Context, customer string) (billing.Facts, error) {
	f, err := l.Looker.Look(ctx, customer)
	l.then()
	return f, err
}
