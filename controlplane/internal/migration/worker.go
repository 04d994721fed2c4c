package migration

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const (
	leaseTime  = 15 * time.Second
	renewEvery = leaseTime / 4

	// detachedLimit bounds what runs behind the commit point on behalf of
	// somebody who may be gone. Another worker goes on after it.
	detachedLimit = 20 * time.Second

	atOnce = 64 // migrations in the hands of one replica

	turnVisit     = 2 * time.Second         // while a cell has too many moves already
	idleVisit     = time.Minute             // paused, or in the rollback window
	wantedPoll    = 1500 * time.Millisecond // whether an operator wants something else
	ticketRenewal = 20 * time.Minute

	// The first verification compares everything, each further one what changed
	// since the one before: the sooner one ends, the less that is.
	verifications     = 5
	briefVerification = 200 * time.Millisecond

	filesLooks = 40 // at files that are still on their way, before the migration is put aside
	filesPoll  = 50 * time.Millisecond
	filesVisit = 5 * time.Second
)

// Options is what a worker works with; everything is required.
type Options struct {
	Leases       Leases
	Steps        Steps
	Certificates Certificates
	Parties      Parties
	Tenants      Tenants
	Cells        Cells
	Key          *controlplane.CertificateKey
	Clock        func() time.Time
	Wait         func(ctx context.Context, d time.Duration) error // returns ctx's error, or nil after d
	Log          *slog.Logger
	Metrics      *Metrics
}

// Worker brings migrations on. Any number may run, in any number of replicas.
type Worker struct {
	Options

	mu   sync.Mutex
	held map[uuid.UUID]bool
	busy sync.WaitGroup
	wake chan struct{}
}

// NewWorker returns a worker; Run lets it work.
func NewWorker(opts Options) *Worker {
	return &Worker{Options: opts, held: map[uuid.UUID]bool{}, wake: make(chan struct{}, 1)}
}

// Wake says that there may be something to do.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Woken is signalled by Wake, for the loop that calls RunOnce.
func (w *Worker) Woken() <-chan struct{} { return w.wake }

// RunOnce begins to work on all that is due, and does not wait for it.
func (w *Worker) RunOnce(ctx context.Context) error {
	due, err := w.Leases.Due(ctx, w.Clock(), atOnce)
	if err != nil {
		return err
	}
	for _, m := range due {
		if w.hold(m.ID) {
			w.busy.Go(func() {
				defer w.drop(m.ID)
				if err := w.Work(ctx, m.ID); err != nil {
					w.Log.WarnContext(ctx, "migration was put aside", "migration", m.ID, "tenant", m.TenantID, "err", err)
				}
			})
		}
	}
	return nil
}

// Finish waits for the work that RunOnce began; its context must have ended.
func (w *Worker) Finish() { w.busy.Wait() }

func (w *Worker) hold(id uuid.UUID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[id] || len(w.held) >= atOnce {
		return false
	}
	w.held[id] = true
	return true
}

func (w *Worker) drop(id uuid.UUID) {
	w.mu.Lock()
	delete(w.held, id)
	w.mu.Unlock()
	w.Wake()
}

// Work takes a migration and brings it on as far as it goes now. A migration
// in other hands is left to them, without an error.
func (w *Worker) Work(ctx context.Context, id uuid.UUID) error {
	ctx = controlplane.WithActor(ctx, controlplane.System)
	now := w.Clock()
	m, err := w.Leases.Take(ctx, id, now, now.Add(leaseTime))
	if fault.CodeOf(err) == fault.Stale {
		return nil
	}
	if err != nil {
		return err
	}
	v := &move{Worker: w, m: m, ticketed: now}
	ctx, stop := w.keepLease(ctx, m)
	due, err := v.drive(ctx)
	stop()
	if fault.CodeOf(err) == fault.Stale { // somebody else has it
		return nil
	}
	if over := v.m.Phase.Over(); !over {
		if releaseErr := w.Leases.Release(context.WithoutCancel(ctx), v.m, w.Clock(), w.Clock().Add(due)); releaseErr != nil && err == nil {
			err = fmt.Errorf("it waits for its lease to end: %w", releaseErr)
		}
	}
	return err
}

// keepLease renews the lease until stop is called. The context ends when the
// lease is lost, for whatever reason.
func (w *Worker) keepLease(ctx context.Context, m controlplane.Migration) (held context.Context, stop func()) {
	held, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		defer cancel()
		ticker := time.NewTicker(renewEvery)
		defer ticker.Stop()
		until := w.Clock().Add(leaseTime)
		for {
			select {
			case <-held.Done():
				return
			case <-ticker.C:
			}
			next := w.Clock().Add(leaseTime)
			err := w.Leases.Renew(held, m, next)
			switch {
			case err == nil:
				until = next
			case fault.CodeOf(err) == fault.Stale || !w.Clock().Before(until.Add(-renewEvery)):
				return
			}
		}
	})
	return held, func() { cancel(); renewing.Wait() }
}

// drive takes step after step, until the migration is over, has to wait (due
// says how long), or is in other hands.
func (v *move) drive(ctx context.Context) (due time.Duration, err error) {
	for failures := 0; !v.m.Phase.Over(); {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		before := v.m.Phase
		err := v.step(ctx)
		if wait, ok := asWait(err); ok {
			return wait, nil
		}
		if err == nil || v.m.Phase != before {
			failures = 0
		}
		if err == nil {
			continue
		}
		failures++
		if err := v.afterFailure(ctx, err, failures); err != nil {
			return 0, err
		}
	}
	v.Metrics.over(v.m)
	return 0, nil
}

// afterFailure decides what becomes of a migration whose step failed: it is
// undone, tried again after a while, or left to whoever has it now.
func (v *move) afterFailure(ctx context.Context, cause error, failures int) error {
	if ctx.Err() != nil {
		return cause
	}
	fresh, err := v.Leases.Save(ctx, v.m)
	switch {
	case fault.CodeOf(err) == fault.Stale:
		return err
	case err == nil && fresh.Phase != v.m.Phase: // an operator's order, or a step whose answer was lost
		v.m = fresh
		return nil
	case err == nil && v.hopeless(cause):
		return v.undo(ctx, cause)
	}
	v.Log.InfoContext(ctx, "migration tries again", "migration", v.m.ID, "phase", v.m.Phase, "stage", v.m.Stage, "err", cause)
	v.m.Record.Failure = publicText(cause)
	return v.Wait(ctx, retryPause(v.m.Phase, failures))
}

// undo turns back before the commit point.
func (v *move) undo(ctx context.Context, cause error) error {
	to := v.there().undo
	if v.m.Phase == controlplane.MigrationReturning {
		to = v.back().undo
	}
	next := v.entering(to, controlplane.StageUndo)
	next.Record.Code, next.Record.Failure = fault.CodeOf(cause), publicText(cause)
	err := v.became(next, v.Steps.Advance(ctx, v.m, next))
	if err != nil && fault.CodeOf(err) != fault.Stale {
		return v.Wait(ctx, retryPause(v.m.Phase, 1)) // the next step fails likewise, and undoes again
	}
	return err
}

// became takes over what a durable step made of the migration.
func (v *move) became(next controlplane.Migration, err error) error {
	if err != nil {
		return err
	}
	v.Metrics.left(v.m.Record.Timings, next.Record.Timings)
	v.m = next
	return nil
}

// entering returns the migration as it will be in another phase.
func (v *move) entering(phase controlplane.MigrationPhase, stage controlplane.MigrationStage) controlplane.Migration {
	next := v.m
	next.Phase = phase
	next.Enter(stage, v.Clock().UTC())
	if !phase.Over() && phase != v.there().undo && phase != v.back().undo && next.Record.Code == "" {
		next.Record.Failure = ""
	}
	return next
}

// enter notes stage and progress, and takes over what operators ordered since.
// A phase that is no longer ours ends the step.
func (v *move) enter(ctx context.Context, stage controlplane.MigrationStage) error {
	before := v.m.Record.Timings
	v.m.Enter(stage, v.Clock().UTC())
	asked := v.Clock()
	fresh, err := v.Leases.Save(ctx, v.m)
	if err != nil {
		return err
	}
	v.near = v.Clock().Sub(asked)
	v.Metrics.left(before, v.m.Record.Timings)
	if fresh.Phase != v.m.Phase {
		v.m = fresh
		return waitFor(0)
	}
	v.m.Paused, v.m.Terms = fresh.Paused, fresh.Terms
	return nil
}

// whileWanted does something long, and ends it when the migration is no longer
// in this phase: an operator does not wait for it.
func (v *move) whileWanted(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	m, watching := v.m, make(chan struct{})
	go func() {
		defer close(watching)
		for v.Wait(ctx, wantedPoll) == nil {
			if fresh, err := v.Leases.Save(ctx, m); fault.CodeOf(err) == fault.Stale || err == nil && fresh.Phase != m.Phase {
				cancel()
			}
		}
	}()
	defer func() { cancel(); <-watching }()
	return do(ctx)
}

// detached returns a context that nobody cancels but time.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), detachedLimit)
}
