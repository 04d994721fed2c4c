package migration

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// move is a migration in the hands of a worker that holds its lease. m is the
// migration as it was last read or written.
type move struct {
	*Worker
	m        controlplane.Migration
	verified bool          // since this worker has it
	ticketed time.Time     // when the import last got a ticket
	last     sample        // of the copy, for its speed
	near     time.Duration // round trip to the directory's database
	laps     laps          // of the write pause
}

// leg is the way from one cell to the other: there, or back.
type leg struct {
	from, to      string
	epoch         uint64 // that the tenant has at the end of the way; at its beginning one less
	mode          controlplane.ImportMode
	commit, after controlplane.MigrationPhase // the commit point's phase, and the one behind activate
	undo          controlplane.MigrationPhase // what a failure before the commit point leads to
}

func (v *move) there() leg {
	return leg{
		from: v.m.Source, to: v.m.Target, epoch: v.m.Epoch + 1, mode: controlplane.ImportCopy,
		commit: controlplane.MigrationCommitted, after: controlplane.MigrationSettling, undo: controlplane.MigrationAborting,
	}
}

func (v *move) back() leg {
	return leg{
		from: v.m.Target, to: v.m.Source, epoch: v.m.Epoch + 2, mode: controlplane.ImportFollow,
		commit: controlplane.MigrationReturned, after: controlplane.MigrationClearing, undo: controlplane.MigrationKeeping,
	}
}

// step does what the migration's phase asks for.
func (v *move) step(ctx context.Context) error {
	switch v.m.Phase {
	case controlplane.MigrationPlanned:
		return v.start(ctx)
	case controlplane.MigrationCopying:
		return v.copying(ctx)
	case controlplane.MigrationCommitted:
		return v.arrive(ctx, v.there())
	case controlplane.MigrationSettling:
		return v.settle(ctx)
	case controlplane.MigrationCleaning:
		return v.cleanUp(ctx)
	case controlplane.MigrationReturning:
		return v.returning(ctx)
	case controlplane.MigrationReturned:
		return v.arrive(ctx, v.back())
	case controlplane.MigrationClearing:
		return v.clear(ctx)
	case controlplane.MigrationKeeping:
		return v.keep(ctx)
	case controlplane.MigrationAborting:
		return v.abort(ctx)
	}
	return fmt.Errorf("nothing to do in phase %s", v.m.Phase)
}

// ── planned ─────────────────────────────────────────────────────────────────

// start waits for the migration's turn.
func (v *move) start(ctx context.Context) error {
	if v.m.Paused {
		return waitFor(idleVisit)
	}
	if err := v.inWindow(); err != nil {
		return err
	}
	next := v.entering(controlplane.MigrationCopying, controlplane.StagePrepare)
	started, err := v.Steps.Start(ctx, v.m, next)
	if err == nil && !started {
		return waitFor(turnVisit)
	}
	return v.became(next, err)
}

// ── copying ─────────────────────────────────────────────────────────────────

func (v *move) copying(ctx context.Context) error {
	l := v.there()
	if sealed, err := v.recover(ctx, l); sealed || err != nil {
		return err
	}
	if err := v.prepare(ctx, l); err != nil {
		return err
	}
	if err := v.openReverse(ctx, l); err != nil {
		return err
	}
	if err := v.converge(ctx, l); err != nil {
		return err
	}
	return v.cutover(ctx, l)
}

// openReverse opens the way back, from the target, as soon as that is close behind
// the source. It may wait for writers, which the pause must not, and what changes
// after the verification is compared in the pause: so it comes before both.
func (v *move) openReverse(ctx context.Context, l leg) error {
	if v.m.Terms.RollbackWindow <= 0 {
		return nil
	}
	if err := v.awaitReady(ctx, l); err != nil {
		return err
	}
	return v.Parties.OpenExport(ctx, l.to, v.m, l.epoch, l.from, true)
}

// recover commits what somebody before us had sealed: it was drained.
func (v *move) recover(ctx context.Context, l leg) (sealed bool, err error) {
	size, err := v.Parties.Size(ctx, l.from, v.m.TenantID)
	if err != nil {
		return false, err
	}
	if size.State != fenceSealed || v.m.FreezeNo == 0 {
		return false, nil
	}
	return true, v.commit(ctx, l, v.entering(l.commit, controlplane.StageCutover))
}

// prepare looks once more whether the move is possible, since it may have been
// planned long ago, and opens the source's end, then the target's: row
// importing(epoch+1).
func (v *move) prepare(ctx context.Context, l leg) error {
	if v.m.Stage == controlplane.StagePrepare {
		if err := v.preflight(ctx); err != nil {
			return err
		}
	}
	if err := v.Parties.OpenExport(ctx, l.from, v.m, l.epoch-1, l.to, false); err != nil {
		return err
	}
	return v.openImport(ctx, l)
}

func (v *move) openImport(ctx context.Context, l leg) error {
	t, err := v.Tenants.Get(ctx, v.m.TenantID)
	if err != nil {
		return err
	}
	_, err = v.Parties.OpenImport(ctx, l.to, v.m, controlplane.ImportRequest{
		Slug: t.Slug, Plan: t.Plan, Epoch: l.epoch, Source: l.from, BytesPerSecond: v.m.Terms.BytesPerSecond, Mode: l.mode,
	})
	if err == nil {
		v.ticketed = v.Clock()
	}
	return err
}

// converge waits until the target is close behind the source, and has both
// sides compared at one log position while the stream goes on. What changes
// meanwhile is compared again, until that is little: the rest is compared in the
// write pause.
func (v *move) converge(ctx context.Context, l leg) error {
	if err := v.awaitReady(ctx, l); err != nil || v.verified {
		return err
	}
	if err := v.enter(ctx, v.stageOf(l, controlplane.StageVerify)); err != nil {
		return err
	}
	for n := range verifications {
		begun := v.Clock()
		if err := v.verify(ctx, l, n > 0); err != nil {
			return err
		}
		if v.Clock().Sub(begun) < briefVerification {
			break
		}
	}
	v.verified = true
	return v.awaitReady(ctx, l) // which it may have fallen behind in the meantime
}

func (v *move) verify(ctx context.Context, l leg, changed bool) error {
	var result controlplane.VerificationResult
	err := v.whileWanted(ctx, func(ctx context.Context) (err error) {
		result, err = v.Parties.Verify(ctx, l.to, v.m, changed)
		return err
	})
	if err != nil {
		return err
	}
	result.At = v.Clock().UTC()
	v.m.Record.Verified = result
	if !result.Equal {
		return mismatch(result)
	}
	return nil
}

// awaitReady follows the import until it is caught up and nobody has paused it.
func (v *move) awaitReady(ctx context.Context, l leg) error {
	for {
		if err := v.inWindow(); err != nil {
			return err
		}
		if v.Clock().Sub(v.ticketed) > ticketRenewal {
			if err := v.openImport(ctx, l); err != nil {
				return err
			}
		}
		status, err := v.Parties.Import(ctx, l.to, v.m)
		if err != nil {
			return err
		}
		v.m.Record.Progress = v.progress(status)
		if err := v.enter(ctx, v.stageOf(l, stageOfImport(status))); err != nil {
			return err
		}
		switch {
		case status.State == controlplane.ImportFailed:
			return importFailed(l.to, status)
		case status.Paused != v.m.Paused || status.BytesPerSecond != v.m.Terms.BytesPerSecond:
			if err := v.Parties.ChangeImport(ctx, l.to, v.m, v.m.Paused, v.m.Terms.BytesPerSecond); err != nil {
				return err
			}
		case v.m.Paused:
			return waitFor(idleVisit)
		case status.State == controlplane.ImportReady:
			return nil
		}
		if err := v.Wait(ctx, pollPause(status)); err != nil {
			return err
		}
	}
}

// ── the write pause ─────────────────────────────────────────────────────────

// cutover is the write pause. Between freeze and activate a client that writes
// waits, so nothing here waits for anything else: one round trip each for freeze,
// drain (and beside it, to the directory, the freeze's number), seal, commit,
// depart and activate. Whatever is not needed for that comes before or after.
func (v *move) cutover(ctx context.Context, l leg) error {
	v.m.Record.Attempts++
	v.m.Record.Predicted = v.predict(ctx, l)
	if err := v.enter(ctx, controlplane.StageCutover); err != nil {
		return err
	}
	if err := v.Leases.Renew(ctx, v.m, v.Clock().Add(leaseTime)); err != nil {
		return err
	}
	begun := v.Clock().UTC()
	v.laps = laps{at: begun}
	freeze, err := v.Parties.Freeze(ctx, l.from, v.m, l.epoch-1, v.m.Terms.PauseBudget)
	if err != nil {
		return notInTime(err, "freeze")
	}
	v.laps.end("freeze", v.Clock())
	drained, err := v.drain(ctx, l, freeze, begun)
	if err != nil {
		return err
	}
	v.laps.end("drain", v.Clock())
	if err := v.Parties.Seal(ctx, l.from, v.m.TenantID, l.epoch-1, freeze.No); err != nil {
		return notInTime(err, "seal")
	}
	v.laps.end("seal", v.Clock())
	next := v.entering(l.commit, controlplane.StageCutover)
	next.Record.FrozenAt, next.Record.Position = begun, freeze.Position
	next.Record.Applied, next.Record.Rechecked = drained.Applied, drained.Rechecked
	if err := v.commit(ctx, l, next); err != nil {
		return err
	}
	v.laps.end("commit", v.Clock())
	return v.arrive(ctx, l)
}

// drain waits until the target has everything up to the freeze, and has what
// changed since the verification compared again. Beside it the freeze's number
// is written down: whoever comes next needs it, should this be our last step.
func (v *move) drain(ctx context.Context, l leg, freeze controlplane.Freeze, begun time.Time) (drained controlplane.Drained, err error) {
	both, both1 := errgroup.WithContext(ctx)
	both.Go(func() error { return v.Steps.NoteFreeze(both1, v.m, freeze.No) })
	both.Go(func() (err error) {
		drained, err = v.Parties.Drain(both1, l.to, v.m, freeze.Position, v.m.Terms.PauseBudget-v.Clock().Sub(begun), true)
		return err
	})
	if err := both.Wait(); err != nil {
		if fault.CodeOf(err) == fault.Conflict {
			v.verified = false // the import wants to be verified again
		}
		return drained, notInTime(err, "drain")
	}
	v.m.FreezeNo = freeze.No
	if !drained.Equal {
		return drained, fault.New(controlplane.Mismatch, "rows that changed after the verification differ between source and target")
	}
	return drained, nil
}

// commit is the commit point. From here on nobody's cancelling counts.
func (v *move) commit(ctx context.Context, l leg, next controlplane.Migration) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	next.Record.Committed = v.Clock().UTC()
	return v.became(next, v.Steps.Commit(ctx, v.m, next, l.from, l.to, l.epoch))
}

// arrive opens the target: depart, then activate. Only forward, from here and
// from wherever somebody crashed.
func (v *move) arrive(ctx context.Context, l leg) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := v.Parties.Depart(ctx, l.from, v.m.TenantID, l.epoch-1, v.m.FreezeNo, l.to); err != nil {
		return err
	}
	v.laps.end("depart", v.Clock())
	if err := v.Parties.ActivateImport(ctx, l.to, v.m, l.epoch); err != nil {
		return err
	}
	v.laps.end("activate", v.Clock())
	// ── the write pause is over ──
	return v.settled(ctx, l)
}

// settled writes down that the tenant is live, and how long it was not.
func (v *move) settled(ctx context.Context, l leg) error {
	now := v.Clock().UTC()
	pause := now.Sub(v.m.Record.FrozenAt)
	stage := controlplane.StageWindow
	if l.after == controlplane.MigrationClearing {
		stage = controlplane.StageCleanUp
	}
	next := v.entering(l.after, stage)
	if v.m.Record.FrozenAt.IsZero() { // who froze did not live to say when
		pause = 0
	}
	if l.mode == controlplane.ImportCopy {
		next.Record.Pause, next.WindowUntil = pause, now.Add(v.m.Terms.RollbackWindow)
		if err := v.certify(ctx, next); err != nil {
			return err
		}
	} else {
		next.Record.BackPause = pause
	}
	if err := v.became(next, v.Steps.Advance(ctx, v.m, next)); err != nil {
		return err
	}
	v.Metrics.paused(l.mode, pause)
	v.Log.InfoContext(ctx, "tenant moved", append([]any{"migration", v.m.ID, "tenant", v.m.TenantID, "from", l.from, "to", l.to, "pause", pause, "rechecked", v.m.Record.Rechecked}, v.laps.took...)...)
	return nil
}

// ── settling: the rollback window ───────────────────────────────────────────

// settle keeps the source up to date from the target, for the case of a
// rollback, until the window is over.
func (v *move) settle(ctx context.Context) error {
	if err := v.Parties.CloseExport(ctx, v.m.Source, v.m); err != nil {
		return err
	}
	left := v.m.WindowUntil.Sub(v.Clock())
	if v.m.Terms.RollbackWindow <= 0 || left <= 0 {
		next := v.entering(controlplane.MigrationCleaning, controlplane.StageCleanUp)
		return v.became(next, v.Steps.Advance(ctx, v.m, next))
	}
	if err := v.follow(ctx); err != nil {
		return err
	}
	if err := v.enter(ctx, controlplane.StageWindow); err != nil {
		return err
	}
	return waitFor(min(left, idleVisit))
}

func (v *move) follow(ctx context.Context) error {
	if err := v.openImport(ctx, v.back()); err != nil {
		return err
	}
	status, err := v.Parties.Import(ctx, v.m.Source, v.m)
	if err != nil {
		return err
	}
	v.m.Record.Progress.LagBytes, v.m.Record.Progress.LagMillis = status.LagBytes, status.LagMillis
	v.m.Record.Code, v.m.Record.Failure = "", ""
	if status.State == controlplane.ImportFailed {
		v.m.Record.Failure = "a rollback is no longer possible: " + status.Failure
	}
	return nil
}

// ── returning: the way back ─────────────────────────────────────────────────

func (v *move) returning(ctx context.Context) error {
	l := v.back()
	if sealed, err := v.recover(ctx, l); sealed || err != nil {
		return err
	}
	if err := v.openImport(ctx, l); err != nil {
		return err
	}
	if err := v.converge(ctx, l); err != nil {
		return err
	}
	return v.cutover(ctx, l)
}

// clear ends a rollback: the target forgets the tenant's rows.
func (v *move) clear(ctx context.Context) error {
	if err := v.filesThere(ctx, v.back()); err != nil {
		return err
	}
	if err := v.removeRows(ctx, v.m.Target, v.m.Epoch+1); err != nil {
		return err
	}
	next := v.entering(controlplane.MigrationRolledBack, controlplane.StageDone)
	return v.became(next, v.Steps.Finish(ctx, v.m, next, v.m.Target))
}

// keep gives a rollback up, in the order of every abort: the import of the cell
// that would have received goes first, so that nobody can seal any more.
func (v *move) keep(ctx context.Context) error {
	if err := v.Parties.CloseImport(ctx, v.m.Source, v.m); err != nil {
		return err
	}
	if err := v.thaw(ctx, v.m.Target, v.m.Epoch+1); err != nil {
		return err
	}
	next := v.entering(controlplane.MigrationCleaning, controlplane.StageCleanUp)
	return v.became(next, v.Steps.Advance(ctx, v.m, next))
}

// ── the end ─────────────────────────────────────────────────────────────────

// cleanUp removes the source's rows, if target and directory still agree that
// the tenant lives in the target.
func (v *move) cleanUp(ctx context.Context) error {
	t, err := v.Tenants.Get(ctx, v.m.TenantID)
	if err != nil {
		return err
	}
	there, err := v.Parties.Size(ctx, v.m.Target, v.m.TenantID)
	if err != nil {
		return err
	}
	if t.Cell != v.m.Target || t.Epoch != v.m.Epoch+1 || there.Epoch != t.Epoch || there.State == fenceImporting || there.State == fenceDeparted {
		return fault.New(fault.Unavailable, "directory (%s, epoch %d) and target (%s, epoch %d) do not agree: the source's rows stay", t.Cell, t.Epoch, there.State, there.Epoch)
	}
	if err := v.filesThere(ctx, v.there()); err != nil {
		return err
	}
	if err := v.removeRows(ctx, v.m.Source, v.m.Epoch); err != nil {
		return err
	}
	next := v.entering(controlplane.MigrationCompleted, controlplane.StageDone)
	return v.became(next, v.Steps.Finish(ctx, v.m, next, v.m.Source))
}

// filesThere waits until the cell that the tenant has come to has its files, too:
// those of the last moments follow behind the write pause, and the other cell's
// are about to be removed.
func (v *move) filesThere(ctx context.Context, l leg) error {
	for range filesLooks {
		status, err := v.Parties.Import(ctx, l.to, v.m)
		if fault.CodeOf(err) == fault.NotFound { // closed, by whoever was here before: they had come
			return nil
		}
		if err != nil || status.FilesComplete {
			return err
		}
		p := &v.m.Record.Progress
		p.FilesDone, p.Files, p.FileBytes = status.FilesHere, status.Files, status.FileBytes
		if err := v.Wait(ctx, filesPoll); err != nil {
			return err
		}
	}
	if err := v.openImport(ctx, l); err != nil { // its ticket may be an old one
		return err
	}
	if err := v.enter(ctx, controlplane.StageCleanUp); err != nil {
		return err
	}
	return waitFor(filesVisit)
}

// removeRows ends both streams and removes what the departed cell holds.
func (v *move) removeRows(ctx context.Context, cell string, epoch uint64) error {
	for _, party := range []string{v.m.Source, v.m.Target} {
		if err := v.Parties.CloseImport(ctx, party, v.m); err != nil {
			return err
		}
	}
	if err := v.closeExports(ctx); err != nil {
		return err
	}
	for {
		remaining, err := v.Parties.CleanUp(ctx, cell, v.m, epoch)
		if err != nil || !remaining {
			return err
		}
		if err := v.enter(ctx, controlplane.StageCleanUp); err != nil {
			return err
		}
	}
}

func (v *move) closeExports(ctx context.Context) error {
	for _, party := range []string{v.m.Source, v.m.Target} {
		if err := v.Parties.CloseExport(ctx, party, v.m); err != nil {
			return err
		}
	}
	return nil
}

// abort undoes everything: the target's import first, so that nobody can seal
// any more, then the source thaws.
func (v *move) abort(ctx context.Context) error {
	if err := v.Parties.CloseImport(ctx, v.m.Target, v.m); err != nil {
		return err
	}
	if err := v.thaw(ctx, v.m.Source, v.m.Epoch); err != nil {
		return err
	}
	if err := v.closeExports(ctx); err != nil {
		return err
	}
	next := v.entering(controlplane.MigrationAborted, controlplane.StageDone)
	return v.became(next, v.Steps.Finish(ctx, v.m, next, v.m.Target))
}

// thaw ends the last freeze that was written down. A later one, which was not,
// cannot have been sealed and ends by itself: then the cell refuses the number,
// until it is live.
func (v *move) thaw(ctx context.Context, cell string, epoch uint64) error {
	if v.m.FreezeNo == 0 {
		return nil
	}
	err := v.Parties.Thaw(ctx, cell, v.m.TenantID, epoch, v.m.FreezeNo)
	if fault.CodeOf(err) != fault.Conflict {
		return err
	}
	size, sizeErr := v.Parties.Size(ctx, cell, v.m.TenantID)
	if sizeErr == nil && size.State == fenceLive && size.Epoch == epoch {
		return nil
	}
	return err
}

// States of a fence that the protocol asks for.
const (
	fenceLive      = "live"
	fenceFrozen    = "frozen"
	fenceSealed    = "sealed"
	fenceImporting = cellapi.StateImporting
	fenceDeparted  = cellapi.StateDeparted
)
