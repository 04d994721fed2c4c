package billing

import (
	"cmp"
	"slices"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/plans"
)

// Derive says how a tenant's billing stands: a function of what Stripe says, the
// catalogue and the time.
func Derive(f Facts, offered *plans.Catalogue, now time.Time) controlplane.BillingAccount {
	a := controlplane.BillingAccount{Standing: controlplane.StandingGood}
	if s, ok := counting(f.Subscriptions); ok {
		a.Subscription, a.Status, a.Interval, a.Currency, a.Coupon = s.ID, s.Status, s.Interval, s.Currency, s.Coupon
		a.Amount = s.Amount - int64(float64(s.Amount)*s.PercentOff/100)
		a.TrialEnd, a.PeriodStart, a.PeriodEnd, a.EndedAt = s.TrialEnd, s.PeriodFrom, s.PeriodEnd, s.EndedAt
		a.Cancelling, a.NextPlan, a.Schedule = s.Cancelling, s.NextPlan, s.Schedule
		switch {
		case a.Live():
			a.Plan, a.Metered = cmp.Or(s.Plan, offered.DefaultPlan), s.Metered
		case !s.EndedAt.IsZero():
			a.Plan = offered.DefaultPlan
		}
	}
	dun(&a, f.Open, offered.Dunning, now)
	return a
}

// counting finds the subscription that counts: the newest live one, or else the
// newest that has ended. One whose first payment is still to come counts for
// nothing.
func counting(all []Subscription) (Subscription, bool) {
	rank := func(s Subscription) int {
		switch {
		case controlplane.BillingAccount{Status: s.Status}.Live():
			return 2
		case s.Status == "canceled":
			return 1
		}
		return 0
	}
	if len(all) == 0 {
		return Subscription{}, false
	}
	best := slices.MaxFunc(all, func(a, b Subscription) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return best, rank(best) > 0
}

// dun derives the standing from the oldest invoice that was tried in vain.
func dun(a *controlplane.BillingAccount, open []OpenInvoice, d plans.Dunning, now time.Time) {
	for _, v := range open {
		if !v.Tried || v.Owed == 0 {
			continue
		}
		a.Owed += v.Owed
		if a.OwedSince.IsZero() || v.Due.Before(a.OwedSince) {
			a.OwedSince = v.Due
		}
	}
	if a.OwedSince.IsZero() {
		return
	}
	readOnly := a.OwedSince.Add(d.Grace)
	suspended := readOnly.Add(d.ReadOnly)
	switch {
	case now.Before(readOnly):
		a.Standing, a.ReviewAt = controlplane.StandingGrace, readOnly
	case now.Before(suspended):
		a.Standing, a.ReviewAt = controlplane.StandingReadOnly, suspended
	default:
		a.Standing = controlplane.StandingSuspended
	}
}
