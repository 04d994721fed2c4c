package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"
)

// directoryLost loses the control plane's database and makes the directory anew
// from what the cells have. Tenants are served all the time.
func directoryLost(ctx context.Context, w *world) error {
	if _, err := w.settle(ctx, cellA, w.tenants); err != nil {
		return err
	}
	moved, err := w.settle(ctx, cellB, 1)
	if err != nil {
		return err
	}
	all := w.ledgers
	if err := w.write(ctx); err != nil {
		return err
	}
	if err := w.fleet.MoveAll(ctx, []string{moved[0].Tenant.ID}, cellA, 1); err != nil { // its epoch is 2
		return err
	}
	refused := refusals(all)

	failure := time.Now()
	for _, part := range []string{"controlplane", "hydra", "pg-control"} {
		if err := w.fleet.Kill(ctx, part); err != nil {
			return err
		}
	}
	data := w.fleet.Platform.ControlPostgres().Data()
	if err := os.Rename(data, data+".lost"); err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	if err := w.fleet.Restart(ctx, "pg-control"); err != nil {
		return err
	}
	if err := w.fleet.Platform.PrepareControl(ctx); err != nil { // database and role, and keys of cells and routers
		return err
	}
	_, environment, err := w.fleet.Platform.Program("controlplane", "")
	if err != nil {
		return err
	}
	environment = append(environment, "ADMIN=local-admin", "ADMIN_KEY="+w.fleet.Platform.State().Endpoints.ControlPlane.Token)
	if err := w.must(ctx, "DirectoryLost", "prepare", environment...); err != nil {
		return err
	}
	if err := w.fleet.Platform.Up(ctx); err != nil { // starts control plane and Hydra, and waits until the cells have registered
		return err
	}
	for _, step := range []string{"plan", "rebuild"} {
		if err := w.must(ctx, "DirectoryLost", step); err != nil {
			return err
		}
	}
	homeless, err := w.homeless(ctx, all)
	if err != nil {
		return err
	}
	rto := time.Since(failure)
	if err := w.write(ctx); err != nil {
		return err
	}
	stop(all)

	s, err := compare(ctx, all, time.Time{})
	if err != nil {
		return err
	}
	w.none("not_live_in_exactly_one_cell", homeless)
	w.none("failed_requests", refusals(all)-refused)
	w.none("lost", s.lost)
	w.report(s, rto, s.rpo(failure))
	return w.directoryWorks(ctx)
}

// directoryWorks makes sure that routers take what the rebuilt directory says:
// its versions are above those that they know.
func (w *world) directoryWorks(ctx context.Context) error {
	tenant := w.ledgers[0].Tenant
	if err := w.must(ctx, "DirectoryLost", "try", "TENANT="+tenant.Slug); err != nil {
		return err
	}
	err := await(ctx, "routers to hear of the rebuilt directory", func() (bool, error) {
		return tenant.Status(ctx) == http.StatusPaymentRequired, nil
	})
	if err != nil {
		return err
	}
	if _, err := w.settle(ctx, cellA, 1); err != nil {
		return fmt.Errorf("after the directory was rebuilt: %w", err)
	}
	return nil
}
