package onboarding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

const (
	sweepBatch = 100

	// removeAfter is when rows that a cell may hold of an undone sign-up are
	// removed: a cell refuses requests whose signature is older than MaxSkew, so
	// by then no delayed prepare can make them anew.
	removeAfter = 2 * cellapi.MaxSkew

	// keepFinished is how long a finished sign-up's answer can be repeated.
	keepFinished = 7 * 24 * time.Hour

	firstRemovalPause   = 10 * time.Second
	longestRemovalPause = time.Hour
)

// Sweeper finishes or undoes sign-ups that nobody works on any more, and
// carries out removals. Any number may run.
type Sweeper struct {
	Backlog   Backlog
	Ledger    Ledger
	Steps     Steps
	Removals  Removals
	Residence Residence
	Clock     func() time.Time
}

// RunOnce works off what is due. One failure does not keep it from the rest.
func (s *Sweeper) RunOnce(ctx context.Context) error {
	return errors.Join(s.signups(ctx), s.removals(ctx), s.Backlog.Forget(ctx, s.Clock().Add(-keepFinished)))
}

func (s *Sweeper) signups(ctx context.Context) error {
	found, err := s.Backlog.Unfinished(ctx, s.Clock(), sweepBatch)
	if err != nil {
		return err
	}
	var errs []error
	for _, su := range found {
		if err := s.settle(ctx, su); err != nil && fault.CodeOf(err) != fault.Conflict {
			errs = append(errs, fmt.Errorf("sign-up %s: %w", su.ID, err))
		}
	}
	return errors.Join(errs...)
}

// settle takes a sign-up over; a fault (conflict) means that somebody else did.
// When it fails, its lease is the pause before the next try.
func (s *Sweeper) settle(ctx context.Context, su controlplane.Signup) error {
	now := s.Clock()
	su, err := s.Ledger.Take(ctx, su, uuid.New(), now, now.Add(leaseTime))
	if err != nil {
		return err
	}
	if su.State == controlplane.SignupCommitted {
		return finish(ctx, s.Steps, s.Residence, su)
	}
	return s.Steps.Undo(ctx, su, now.Add(removeAfter))
}

func (s *Sweeper) removals(ctx context.Context) error {
	due, err := s.Removals.Due(ctx, s.Clock(), sweepBatch)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range due {
		err := s.Residence.Remove(ctx, r.Cell, r.TenantID, r.Epoch)
		if err == nil || fault.CodeOf(err) == fault.Conflict { // conflict: the cell holds a later epoch, not ours to remove
			errs = append(errs, s.Removals.Done(ctx, r))
			continue
		}
		pause := min(firstRemovalPause<<min(r.Tries, 16), longestRemovalPause)
		errs = append(errs, fmt.Errorf("remove tenant %s from %s: %w", r.TenantID, r.Cell, err), s.Removals.Retry(ctx, r, s.Clock().Add(pause)))
	}
	return errors.Join(errs...)
}
