package main

import (
	"context"
	"fmt"
	"time"
)

// regionEvacuated moves everybody out of a region that still answers, into the
// other region's cell, while they work.
func regionEvacuated(ctx context.Context, w *world) error {
	all, err := w.settle(ctx, cellA, w.tenants)
	if err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	begun, refused := time.Now(), refusals(all)
	for _, step := range []string{"cordon", "move"} {
		if err := w.must(ctx, "RegionEvacuated", step, "CELL="+cellA, "TARGET="+cellB); err != nil {
			return err
		}
	}
	if err := served(ctx, all); err != nil {
		return err
	}
	rto := time.Since(begun)
	if err := w.write(ctx); err != nil {
		return err
	}
	stop(all)
	s, err := compare(ctx, all, time.Time{})
	if err != nil {
		return err
	}
	homeless, err := w.homeless(ctx, all)
	if err != nil {
		return err
	}
	var left int
	if err := w.query(ctx, cellA, `SELECT count(*) FROM tenants WHERE state <> 'departed'`, &left); err != nil {
		return err
	}
	w.none("lost", s.lost)
	w.none("failed_requests", refusals(all)-refused)
	w.none("left_behind", left)
	w.none("not_live_in_exactly_one_cell", homeless)
	w.report(s, rto, s.rpo(begun))
	return nil
}

// regionLost brings everybody of a region that is gone into the other region's
// cell, from the backup. When the region comes back with its database as it was,
// it must serve none of them.
func regionLost(ctx context.Context, w *world) error {
	all, err := w.settle(ctx, cellA, w.tenants)
	if err != nil {
		return err
	}
	backup, err := w.backup(ctx)
	if err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}

	failure := time.Now()
	for _, part := range []string{"pg-" + cellA, cellA + "-api", cellA + "-worker", "pgbouncer-" + cellA} {
		if err := w.fleet.Kill(ctx, part); err != nil {
			return err
		}
	}
	variables, end, err := w.beside(ctx, cellA, backup, time.Time{})
	if err != nil {
		return err
	}
	defer end()
	if err := w.must(ctx, "RegionEvacuated", "bring", append(variables, "CELL="+cellA, "TARGET="+cellB)...); err != nil {
		return err
	}
	if err := served(ctx, all); err != nil {
		return err
	}
	rto := time.Since(failure)
	stop(all)
	s, err := compare(ctx, all, time.Time{})
	if err != nil {
		return err
	}

	w.say("the region comes back")
	for _, part := range []string{"pg-" + cellA, "pgbouncer-" + cellA, cellA + "-api", cellA + "-worker"} {
		if err := w.fleet.Restart(ctx, part); err != nil {
			return err
		}
	}
	err = await(ctx, "the cell to have given up its tenants", func() (bool, error) {
		n, err := w.homeless(ctx, all)
		return n == 0, err
	})
	if err != nil {
		return fmt.Errorf("the cell that came back: %w", err)
	}
	if err := served(ctx, all); err != nil {
		return err
	}
	homeless, err := w.homeless(ctx, all) // still so now that it may serve again
	if err != nil {
		return err
	}
	w.none("not_live_in_exactly_one_cell", homeless)
	w.report(s, rto, s.rpo(failure))
	return nil
}
