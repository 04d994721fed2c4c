package billing_test

import (
	"context"
	"testing"

	"github.com/coditect/platform/controlplane"
	use "github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/tenancy"
)

// told is what cells were told last of their tenants: who is held.
type told map[tenancy.ID]bool

func (d told) SetPlan(_ context.Context, t controlplane.Tenant) error {
	d[t.TenantID] = t.Held()
	return nil
}

// A cell is told to hold its tenant when that may not write any more, and to let
// it go on when it has paid.
func TestTheCellIsToldWhoIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, customer := w.subscribed(t, "acme", "team", true)
	cells := told{}
	courier := use.PlanCourier{Orders: postgres.PlanOrderStore{DB: w.db}, Cells: cells, Clock: w.Now}
	want := func(when string, held bool) {
		t.Helper()
		must(t, courier.RunOnce(t.Context()))
		if got, is := cells[id]; !is || got != held {
			t.Errorf("%s: told %v, held %v; want %v", when, is, got, held)
		}
	}
	want("subscribed", false)
	w.Decline(customer, true)
	w.Advance(30 * day)
	w.settle(t)
	want("in grace", false)
	for _, days := range []int{7, 21} { // read-only, suspended
		w.Advance(w.account(t, id).OwedSince.AddDate(0, 0, days).Sub(w.Now()))
		w.settle(t)
		want("owing", true)
	}
	w.Decline(customer, false)
	for _, v := range w.open(t, id) {
		w.pay(t, v)
	}
	w.settle(t)
	want("paid", false)

	suspended, _, err := w.get(t, id).Suspend("abuse")
	must(t, err)
	suspended, err = w.update(t, suspended)
	must(t, err)
	want("suspended by an operator", true)
	resumed, _, err := suspended.Resume()
	must(t, err)
	_, err = w.update(t, resumed)
	must(t, err)
	want("resumed", false)
}
