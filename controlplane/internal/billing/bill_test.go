package billing_test

import (
	"testing"

	"github.com/coditect/platform/controlplane"
)

// What was used counts in the period in which it was cut, and what is not cut
// yet in the one that runs.
func TestWhatWasUsedInThePeriodThatRuns(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id, _ := w.subscribed(t, "acme", "team", true)
	used := func(sequence, calls int64) {
		t.Helper()
		must(t, w.usage.AddUsage(ctx, controlplane.UsageHead{Tenant: id, Epoch: 1, Sequence: sequence}, sequence+1, map[string]int64{"api_calls": calls}))
	}
	cut := func() {
		t.Helper()
		_, err := w.usage.CutUsage(ctx, w.Now(), 10)
		must(t, err)
	}
	want := func(when string, calls int64) {
		t.Helper()
		bill, err := w.desk.Bill(ctx, id)
		must(t, err)
		if a := w.account(t, id); !bill.From.Equal(a.PeriodStart) || bill.From.IsZero() || bill.From.After(w.Now()) || !bill.To.After(w.Now()) || len(bill.Usage) != 4 {
			t.Errorf("%s: %+v", when, bill)
		}
		if m := bill.Usage[0]; m.Meter != "api_calls" || m.Title != "API calls" || m.Used != calls || m.Included != 1_000_000 || m.Each != "0.002" {
			t.Errorf("%s: %+v, want %d", when, m, calls)
		}
	}
	want("nothing", 0)
	used(0, 40)
	want("not cut", 40)
	cut()
	want("cut", 40)
	used(1, 2)
	want("some of it cut", 42)
	cut() // a minute has one event: it stays
	want("still", 42)
	w.Advance(31 * day)
	w.settle(t)
	want("in the next period, what was not cut", 2)

	free := w.tenant(t, "free")
	if bill, err := w.desk.Bill(ctx, free); err != nil || len(bill.Usage) != 0 || !bill.From.IsZero() {
		t.Errorf("without a subscription: %+v, %v", bill, err)
	}
}
