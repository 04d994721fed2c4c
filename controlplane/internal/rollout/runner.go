package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Runner carries a rollout out.
type Runner struct {
	// Applier is Program; tests have cells of their own.
	Applier interface {
		Apply(ctx context.Context, cell, version string) error
	}
	// Gate is Prometheus; tests let cells burn when they like.
	Gate interface {
		Check(ctx context.Context, cell string) (breach string, err error)
	}
	// Store is File.
	Store interface {
		Save(s State) error
	}
	Tell func(format string, args ...any) // progress, a line at a time
}

// Run goes on until the rollout is over, and then returns nil: s.Phase says how it
// ended. An error, that of an ended ctx too, leaves it to be resumed: a state that
// could not be stored, or cells that could not be given their old version back.
func (r *Runner) Run(ctx context.Context, s *State) error {
	for !s.Phase.Over() {
		var err error
		switch s.Phase {
		case Applying:
			err = r.apply(ctx, s)
		case Baking:
			err = r.bake(ctx, s)
		case Reverting:
			err = r.revert(ctx, s)
		default:
			err = fmt.Errorf("there is no phase %q", s.Phase)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apply gives a wave the version, a cell after the other.
func (r *Runner) apply(ctx context.Context, s *State) error {
	wave := s.Waves[s.Wave]
	for i := range wave {
		c := &wave[i]
		if c.Phase == CellNew {
			continue
		}
		r.Tell("wave %d of %d: %s gets %s", s.Wave+1, len(s.Waves), c.ID, s.Version)
		err := r.give(ctx, s, c, CellApplying, s.Version, CellNew)
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, errNotStored):
			return err
		default:
			return r.breach(s, err.Error())
		}
	}
	s.Phase, s.BakeUntil = Baking, time.Now().Add(s.Terms.Bake).UTC()
	return r.save(s)
}

// give makes a cell run a version, stored before and after.
func (r *Runner) give(ctx context.Context, s *State, c *Cell, during CellPhase, version string, after CellPhase) error {
	c.Phase = during
	if err := r.save(s); err != nil {
		return err
	}
	if err := r.Applier.Apply(ctx, c.ID, version); err != nil {
		return errors.Join(err, ctx.Err())
	}
	c.Phase = after
	return r.save(s)
}

var errNotStored = errors.New("the rollout's state could not be stored")

func (r *Runner) save(s *State) error {
	if err := r.Store.Save(*s); err != nil {
		return errors.Join(errNotStored, err)
	}
	return nil
}

func (r *Runner) breach(s *State, why string) error {
	r.Tell("taking %s back: %s", s.Version, why)
	s.Abort(why)
	return r.save(s)
}

// confirmations is how often in a row a cell must be seen to be wrong.
const confirmations = 2

// bake looks at every cell that has the version until the wave's time is up and a
// whole look found nothing.
func (r *Runner) bake(ctx context.Context, s *State) error {
	r.Tell("wave %d of %d: watched until %s", s.Wave+1, len(s.Waves), s.BakeUntil.Format(time.TimeOnly))
	wrong := map[string]int{}
	seen := time.Now()
	for {
		found, err := r.look(ctx, s, wrong)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && now.Sub(seen) >= s.Terms.Patience:
			return r.breach(s, fmt.Sprintf("the gate saw nothing for %s: %s", s.Terms.Patience, err))
		case err != nil:
			r.Tell("the gate sees nothing: %s", err)
		case found != "":
			return r.breach(s, found)
		case len(wrong) == 0 && !now.Before(s.BakeUntil):
			return r.next(s)
		}
		if err == nil {
			seen = now
		}
		pause := s.Terms.CheckEvery
		if left := s.BakeUntil.Sub(now); left > 0 {
			pause = min(pause, left)
		}
		if !wait(ctx, pause) {
			return ctx.Err()
		}
	}
}

// look checks the cells once. What was wrong with one cell so often that it counts
// is returned.
func (r *Runner) look(ctx context.Context, s *State, wrong map[string]int) (found string, err error) {
	for _, id := range s.Changed() {
		breach, err := r.Gate.Check(ctx, id)
		if err != nil {
			return "", err
		}
		if breach == "" {
			delete(wrong, id)
			continue
		}
		r.Tell("%s", breach)
		if wrong[id]++; wrong[id] >= confirmations {
			return breach, nil
		}
	}
	return "", nil
}

func (r *Runner) next(s *State) error {
	s.BakeUntil = time.Time{}
	if s.Wave++; s.Wave < len(s.Waves) {
		s.Phase = Applying
	} else {
		s.Wave, s.Phase = len(s.Waves)-1, Done
	}
	return r.save(s)
}

// revert gives every cell that may have the version what it had, the last one
// first. A cell that cannot be given it does not keep the others from theirs.
func (r *Runner) revert(ctx context.Context, s *State) error {
	var failed []error
	for _, wave := range slices.Backward(s.Waves) {
		for i := range slices.Backward(wave) {
			c := &wave[i]
			if !c.changed() {
				continue
			}
			r.Tell("%s gets %s back", c.ID, c.From)
			err := r.give(ctx, s, c, CellReverting, c.From, CellOld)
			if err != nil && (ctx.Err() != nil || errors.Is(err, errNotStored)) {
				return err
			}
			if err != nil {
				failed = append(failed, err)
			}
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s could not be taken back from %s: %w", s.Version, strings.Join(s.Changed(), ", "), errors.Join(failed...))
	}
	s.Phase = Reverted
	return r.save(s)
}

// wait returns false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
