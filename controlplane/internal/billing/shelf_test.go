package billing_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

const small = `currency: usd
default_plan: free
meters:
  - {name: calls, title: Calls, metric: api_calls}
coupons:
  - {name: fair, title: Fair, percent_off: 10}
plans:
  - {name: free, title: Free, tier: standard}
  - name: team
    title: Team
    tier: standard
    prices: {month: 100}
    usage: [{meter: calls, included: 5, each: "0.50"}]
`

func catalogue(t *testing.T, changes ...string) *plans.Catalogue {
	t.Helper()
	c, err := plans.Parse("p.yaml", []byte(strings.NewReplacer(changes...).Replace(small)))
	must(t, err)
	return c
}

// Stripe is made equal to the catalogue, again and again, and what is not ours
// stays as it is.
func TestStripeIsMadeEqualToThePlans(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.call(t, http.MethodPost, "/v1/products", url.Values{"id": {"theirs"}, "name": {"Not ours"}})
	w.call(t, http.MethodPost, "/v1/coupons", url.Values{"id": {"theirs"}, "percent_off": {"90"}, "duration": {"once"}})
	w.call(t, http.MethodPost, "/v1/billing/meters", url.Values{"event_name": {"theirs"}, "display_name": {"Not ours"}})
	if steps := w.compare(t, plans.Default()); len(steps) > 0 {
		t.Fatalf("just made equal, and yet: %+v", steps)
	}
	steps := w.sync(t, catalogue(t))
	for _, s := range steps {
		if strings.Contains(s.What, "theirs") {
			t.Errorf("touched what is not ours: %s", s.What)
		}
	}
	for _, c := range []struct{ old, new, want string }{
		{"month: 100", "month: 250", "replace price plan:team:month (1.00 usd) with (2.50 usd)"},
		{"included: 5", "included: 7", "replace price usage:team:calls:month (0.5 usd each above 5) with (0.5 usd each above 7)"},
		{"title: Team", "title: Crew", "update product coditect_plan_team"},
		{"title: Calls", "title: Requests", "update meter coditect_calls"},
		{"percent_off: 10", "percent_off: 15", "replace coupon fair"},
	} {
		if got := w.sync(t, catalogue(t, c.old, c.new)); !said(got, c.want) {
			t.Errorf("%s: %v, want %s", c.new, got, c.want)
		}
		w.sync(t, catalogue(t)) // back again
	}
	stock, err := w.client.Stock(ctx)
	must(t, err)
	for _, p := range stock.Products {
		if p.ID == "theirs" && (!p.Active || p.Title != "Not ours") || strings.Contains(p.ID, "business") && p.Active {
			t.Errorf("%+v", p)
		}
	}
}

func TestATakenNameIsToldAndNothingIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sync(t, catalogue(t))
	w.call(t, http.MethodPost, "/v1/products", url.Values{"id": {"coditect_plan_crew"}, "name": {"By hand"}})
	before := w.Requests()
	_, err := (billing.Stocker{Shelf: w.client, Offered: catalogue(t, "name: team", "name: crew")}).Sync(t.Context())
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "product coditect_plan_crew") {
		t.Errorf("%v", err)
	}
	for pattern, n := range w.Requests() {
		if strings.HasPrefix(pattern, http.MethodPost) && n != before[pattern] {
			t.Errorf("%s was called", pattern)
		}
	}
}

func (w *world) compare(t *testing.T, c *plans.Catalogue) []billing.Step {
	t.Helper()
	stock, err := w.client.Stock(t.Context())
	must(t, err)
	steps, err := billing.Compare(c, stock)
	must(t, err)
	return steps
}

// sync returns the steps that were taken.
func (w *world) sync(t *testing.T, c *plans.Catalogue) []billing.Step {
	t.Helper()
	steps := w.compare(t, c)
	n, err := (billing.Stocker{Shelf: w.client, Offered: c}).Sync(t.Context())
	if err != nil || n != len(steps) {
		t.Fatalf("%d of %d: %v", n, len(steps), err)
	}
	if again := w.compare(t, c); len(again) > 0 {
		t.Fatalf("not equal after all: %+v", again)
	}
	return steps
}

func said(steps []billing.Step, want string) bool {
	for _, s := range steps {
		if string(s.Kind)+" "+s.What == want {
			return true
		}
	}
	return false
}
