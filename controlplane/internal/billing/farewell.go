package billing

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// farewell has the subscriptions of a tenant that leaves end: with the period
// that is paid for, while the tenant may be brought back, and at once when there is
// no way back. ended says whether anything was changed at Stripe.
//
// It is derived from the tenant's state like everything else, so it is done by
// whichever sync comes through first, and again for a subscription that was bought
// on a page that was still open. What it began is not taken back when the tenant
// is resumed: whether the tenant had cancelled before, nobody could tell.
func (s *Syncer) farewell(ctx context.Context, t controlplane.Tenant, all []Subscription) (ended bool, err error) {
	gone := t.Reaping || t.State == directory.Deleted
	if !gone && t.State != directory.Deleting {
		return false, nil
	}
	for _, sub := range all {
		if !(controlplane.BillingAccount{Status: sub.Status}).Live() || !gone && sub.Cancelling {
			continue
		}
		if sub.Schedule != "" {
			if err := s.Changer.KeepPlan(ctx, sub); err != nil {
				return ended, err
			}
		}
		if gone {
			err = s.Changer.CancelNow(ctx, sub)
		} else {
			err = s.Changer.SetCancelling(ctx, sub, true)
		}
		if err != nil {
			return ended, err
		}
		ended = true
	}
	return ended, nil
}
