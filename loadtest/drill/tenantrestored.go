package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// tenantRestored takes one tenant back to a point in time, while the others of its
// cell go on.
func tenantRestored(ctx context.Context, w *world) error {
	all, err := w.settle(ctx, cellA, w.tenants+1)
	if err != nil {
		return err
	}
	one, others := all[:1], all[1:]
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
	if err := w.write(ctx); err != nil { // what is behind the point is the mistake
		return err
	}
	stop(one)
	if err := w.archived(ctx, cellA); err != nil {
		return err
	}
	refused := refusals(others)

	begun := time.Now()
	variables, end, err := w.beside(ctx, cellA, backup, point)
	if err != nil {
		return err
	}
	defer end()
	variables = append(variables, "CELL="+cellA, "TENANT="+one[0].Tenant.ID, "ARCHIVE="+filepath.Join(w.dir, "tenant.ndjson"))
	for _, step := range []string{"export", "restore"} {
		if err := w.must(ctx, "TenantRestored", step, variables...); err != nil {
			return err
		}
	}
	if err := served(ctx, one); err != nil {
		return err
	}
	rto := time.Since(begun)
	if err := w.write(ctx); err != nil {
		return err
	}
	stop(others)

	back, err := compare(ctx, one, point)
	if err != nil {
		return err
	}
	behind, err := compare(ctx, one, time.Time{})
	if err != nil {
		return err
	}
	rest, err := compare(ctx, others, time.Time{})
	if err != nil {
		return err
	}
	homeless, err := w.homeless(ctx, all)
	if err != nil {
		return err
	}
	w.none("lost_before_the_point", back.lost)
	w.figures.AtLeast("drill_tenant_restored_taken_back", float64(behind.lost), "writes", 1)
	w.none("lost_of_other_tenants", rest.lost)
	w.none("failed_requests_of_other_tenants", refusals(others)-refused)
	w.none("not_live_in_exactly_one_cell", homeless)
	back.acknowledged, back.wrong = back.acknowledged+rest.acknowledged, back.wrong+rest.wrong
	w.report(back, rto, begun.Sub(point).Seconds())
	return nil
}

func refusals(ledgers []*tenantclient.Ledger) (n int) {
	for _, l := range ledgers {
		n += l.Refused()
	}
	return n
}
