package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
)

const copyBar = 0.7

// copySpeed compares the copy of a tenant nobody uses with psql's between the
// same two databases.
func copySpeed(ctx context.Context, f *fleet.Fleet, p plan, out *figures.Figures) error {
	tenant, err := f.SignUp(ctx, "cell-a")
	if err != nil {
		return err
	}
	defer tenant.Client.CloseIdleConnections()
	if err := f.Fill(ctx, tenant.Cell, tenant.ID, p.copyBytes); err != nil {
		return err
	}
	peer, err := f.PipeCopy(ctx, tenant.Cell, other(tenant.Cell), tenant.ID)
	if err != nil {
		return fmt.Errorf("psql | psql: %w", err)
	}
	m, err := f.Move(ctx, tenant.ID, other(tenant.Cell))
	if err != nil {
		return err
	}
	ours := m.Spent("copy")
	if m.Phase != "completed" || ours == 0 {
		return fmt.Errorf("the move ended %s after a copy of %s: %s", m.Phase, ours, m.Failure)
	}
	out.AtLeast("copy_against_psql", peer.Seconds()/ours.Seconds(), "ratio", copyBar)
	return nil
}

const (
	drainAtOnce = 8
	drainBar    = 2.0
)

// drain moves many small tenants out of a cell.
func drain(ctx context.Context, f *fleet.Fleet, p plan, out *figures.Figures) error {
	var ids []string
	for range p.drained {
		tenant, err := f.SignUp(ctx, "cell-a")
		if err != nil {
			return err
		}
		tenant.Client.CloseIdleConnections()
		if err := f.Fill(ctx, tenant.Cell, tenant.ID, mb/8); err != nil {
			return err
		}
		ids = append(ids, tenant.ID)
	}
	begun := time.Now()
	if err := f.MoveAll(ctx, ids, "cell-b", drainAtOnce); err != nil {
		return err
	}
	out.AtLeast("drain_rate", float64(len(ids))/time.Since(begun).Seconds(), "migrations/s", drainBar)
	return nil
}
