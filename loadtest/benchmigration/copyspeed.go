package main

import (
	"context"
	"fmt"
	"time"
)

const copyBar = 0.7

// copySpeed compares the copy of a tenant nobody uses with psql's between the
// same two databases.
func copySpeed(ctx context.Context, b *bench) error {
	tenant, err := b.SignUp(ctx, "cell-a")
	if err != nil {
		return err
	}
	defer tenant.Client.CloseIdleConnections()
	if err := b.Fill(ctx, tenant.Cell, tenant.ID, b.plan.copyBytes); err != nil {
		return err
	}
	b.say("a tenant of %d MB: psql | psql", b.plan.copyBytes/mb)
	peer, err := b.PipeCopy(ctx, tenant.Cell, other(tenant.Cell), tenant.ID)
	if err != nil {
		return fmt.Errorf("psql | psql: %w", err)
	}
	b.say("took %.1f s (%.0f MB/s); now the migration", peer.Seconds(), float64(b.plan.copyBytes)/mb/peer.Seconds())
	m, err := b.Move(ctx, tenant.ID, other(tenant.Cell))
	if err != nil {
		return err
	}
	ours := m.Spent("copy")
	if m.Phase != "completed" || ours == 0 {
		return fmt.Errorf("the move ended %s after a copy of %s: %s", m.Phase, ours, m.Failure)
	}
	b.say("copied in %.1f s", ours.Seconds())
	b.out.AtLeast("copy_against_psql", peer.Seconds()/ours.Seconds(), "ratio", copyBar)
	return nil
}

const (
	drainAtOnce = 8
	drainBar    = 2.0
)

// drain moves many small tenants out of a cell.
func drain(ctx context.Context, b *bench) error {
	var ids []string
	for range b.plan.drained {
		tenant, err := b.SignUp(ctx, "cell-a")
		if err != nil {
			return err
		}
		tenant.Client.CloseIdleConnections()
		if err := b.Fill(ctx, tenant.Cell, tenant.ID, mb/8); err != nil {
			return err
		}
		ids = append(ids, tenant.ID)
	}
	b.say("%d tenants leave cell-a, %d at once", len(ids), drainAtOnce)
	begun := time.Now()
	if err := b.MoveAll(ctx, ids, "cell-b", drainAtOnce); err != nil {
		return err
	}
	b.out.AtLeast("drain_rate", float64(len(ids))/time.Since(begun).Seconds(), "migrations/s", drainBar)
	return nil
}
