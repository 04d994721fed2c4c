package billing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

const (
	syncBatch       = 64
	syncsAtOnce     = 8
	syncLease       = time.Minute
	firstPause      = 2 * time.Second
	longestPause    = 10 * time.Minute
	rest            = 24 * time.Hour // an account is looked at once a day at least
	staleTries      = 5
	maxSyncDuration = 45 * time.Second // within the lease
)

// Syncer brings accounts up to date. Any number may run: an order's token fences
// out whoever held it before.
type Syncer struct {
	Looker  Looker
	Changer Changer
	Store   Syncs
	Tenants Tenants
	Cells   Cells
	Offered *plans.Catalogue
	Metrics *Metrics
	Clock   func() time.Time
	Wake    chan struct{} // buffered, 1: see Woken
}

// WakeUp has the next run begin now.
func (s *Syncer) WakeUp() {
	select {
	case s.Wake <- struct{}{}:
	default:
	}
}

// RunOnce syncs every account that is due. A customer whose sync fails is tried
// again later and keeps nobody else waiting.
func (s *Syncer) RunOnce(ctx context.Context) error {
	for {
		now := s.Clock()
		due, err := s.Store.ClaimSyncs(ctx, now, now.Add(syncLease), syncBatch)
		if err != nil {
			return err
		}
		failures := make([]error, len(due))
		var group errgroup.Group
		group.SetLimit(syncsAtOnce)
		for i, o := range due {
			group.Go(func() error {
				failures[i] = s.run(ctx, o)
				return nil
			})
		}
		_ = group.Wait() // failures says it
		if err := errors.Join(failures...); err != nil || len(due) < syncBatch {
			return err
		}
	}
}

func (s *Syncer) run(ctx context.Context, o controlplane.BillingSync) error {
	bounded, cancel := context.WithTimeout(ctx, maxSyncDuration)
	defer cancel()
	err := s.sync(bounded, o)
	s.Metrics.synced(err)
	switch {
	case err == nil || fault.CodeOf(err) == fault.Stale:
		return nil // whoever overtook it knows better
	case ctx.Err() != nil:
		return err
	}
	pause := min(firstPause<<min(o.Tries, 16), longestPause)
	return errors.Join(fmt.Errorf("sync billing of tenant %s: %w", o.TenantID, err), s.Store.RetrySync(ctx, o, s.Clock().Add(pause)))
}

// sync is the one function that everything comes down to: it looks at the
// customer, derives how its tenant stands, and makes that so. When the tenant
// changes meanwhile it is repeated with the tenant as it is then.
func (s *Syncer) sync(ctx context.Context, o controlplane.BillingSync) error {
	facts, err := s.look(ctx, o)
	if err != nil {
		return err
	}
	now := s.Clock()
	account := Derive(facts, s.Offered, now)
	account.TenantID, account.Customer = o.TenantID, o.Customer
	for try := 1; ; try++ {
		tenant, err := s.Tenants.Get(ctx, o.TenantID)
		if err != nil {
			return err
		}
		next, changed, blocked, err := s.follow(ctx, tenant, account)
		if err != nil {
			return err
		}
		account.Blocked = blocked
		err = s.Store.Settle(ctx, o, controlplane.Settlement{Account: account, Refunds: facts.Refunds, Tenant: next, Changed: changed, Again: s.again(account, now)})
		if !errors.Is(err, controlplane.ErrTenantChanged) || try == staleTries {
			return err
		}
	}
}

// look returns what is true at Stripe once nothing is subscribed to there that may
// not be.
func (s *Syncer) look(ctx context.Context, o controlplane.BillingSync) (Facts, error) {
	facts, err := s.Looker.Look(ctx, o.Customer)
	if err != nil {
		return facts, err
	}
	tenant, err := s.Tenants.Get(ctx, o.TenantID)
	if err != nil {
		return facts, err
	}
	ended, err := s.farewell(ctx, tenant, facts.Subscriptions)
	if err != nil || !ended {
		return facts, err
	}
	return s.Looker.Look(ctx, o.Customer)
}

// follow returns the tenant with the plan and the access that its account gives
// it. A plan that its cell cannot serve is told, and waits.
func (s *Syncer) follow(ctx context.Context, t controlplane.Tenant, a controlplane.BillingAccount) (next controlplane.Tenant, changed bool, blocked string, err error) {
	next, changed = t.SetAccess(a.Standing.Access())
	if a.Plan == "" || a.Plan == t.Plan || t.State != directory.Active && t.State != directory.Suspended {
		return next, changed, "", nil
	}
	plan, ok := s.Offered.Plan(a.Plan)
	if !ok {
		return next, changed, fmt.Sprintf("the plan %s is not offered", a.Plan), nil
	}
	cell, err := s.Cells.Get(ctx, t.Cell)
	if err != nil {
		return t, false, "", err
	}
	planned, _, err := next.SetPlan(a.Plan, plan.Tier, cell.Tier)
	var refused *fault.Error
	if errors.As(err, &refused) {
		return next, changed, refused.Message, nil
	}
	return planned, true, "", err
}

// again is when the account is looked at next; spread out, so that a morning's
// sign-ups are not looked at together for ever.
func (s *Syncer) again(a controlplane.BillingAccount, now time.Time) time.Time {
	at := now.Add(rest - time.Duration(rand.Int64N(int64(rest/8))))
	if !a.ReviewAt.IsZero() && a.ReviewAt.Before(at) {
		return a.ReviewAt
	}
	return at
}
