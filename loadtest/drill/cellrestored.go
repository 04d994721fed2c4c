package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// cellRestored takes a cell back to a point in time. Behind that point one tenant
// has left it and another one has come: the cell must refuse everybody until it
// agrees with the directory, the first must stay where it went, and the second
// must be named as lost.
func cellRestored(ctx context.Context, w *world) error {
	stayed, err := w.settle(ctx, cellA, w.tenants)
	if err != nil {
		return err
	}
	left, err := w.settle(ctx, cellA, 1)
	if err != nil {
		return err
	}
	came, err := w.settle(ctx, cellB, 1)
	if err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	backup, err := w.backup(ctx)
	if err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	var point time.Time
	if err := w.query(ctx, cellA, `SELECT clock_timestamp()`, &point); err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	if err := w.fleet.MoveAll(ctx, []string{left[0].Tenant.ID}, cellB, 1); err != nil {
		return err
	}
	if err := w.fleet.MoveAll(ctx, []string{came[0].Tenant.ID}, cellA, 1); err != nil {
		return err
	}
	if err := w.archived(ctx, cellA); err != nil {
		return err
	}

	failure := time.Now()
	if err := w.lose(ctx, cellA); err != nil {
		return err
	}
	if err := w.restore(ctx, cellA, backup, point); err != nil {
		return err
	}
	if err := w.refuses(ctx, stayed[0].Tenant.Status, 2*time.Second); err != nil {
		return err
	}
	plan, code, err := w.follow(ctx, "CellRestored", "plan", "CELL="+cellA)
	if err != nil {
		return err
	}
	if code != mismatch || !strings.Contains(plan, came[0].Tenant.Slug) {
		return fmt.Errorf("the plan does not name the lost tenant %s, or ended with %d", came[0].Tenant.Slug, code)
	}
	if _, code, err = w.follow(ctx, "CellRestored", "reconcile", "CELL="+cellA); err != nil || code != mismatch {
		return fmt.Errorf("reconciling ended with %d: %w", code, err)
	}
	if err := served(ctx, stayed); err != nil {
		return err
	}
	rto := time.Since(failure)
	stop(w.ledgers)

	kept, err := compare(ctx, stayed, point)
	if err != nil {
		return err
	}
	gone, err := compare(ctx, left, time.Time{})
	if err != nil {
		return err
	}
	homeless, err := w.homeless(ctx, append(stayed, left...))
	if err != nil {
		return err
	}
	kept.acknowledged, kept.wrong = kept.acknowledged+gone.acknowledged, kept.wrong+gone.wrong
	w.none("lost_before_the_point", kept.lost)
	w.none("lost_of_the_tenant_that_left", gone.lost)
	w.none("not_live_in_exactly_one_cell", homeless)
	w.report(kept, rto, failure.Sub(point).Seconds())
	return nil
}

// mismatch is the exit code of a command of cellctl that found a difference.
const mismatch = 6
