package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

const neighbourBar = 1.3

// neighbours watches tenants of both cells while a big one moves, against the
// time right before.
func neighbours(ctx context.Context, b *bench) error {
	mover, err := b.SignUp(ctx, "cell-a")
	if err != nil {
		return err
	}
	defer mover.Client.CloseIdleConnections()
	if err := b.Fill(ctx, mover.Cell, mover.ID, b.plan.neighbour); err != nil {
		return err
	}
	var crowd []*tenantclient.Users
	for i := range b.plan.neighbours {
		tenant, err := b.SignUp(ctx, []string{"cell-a", "cell-b"}[i%2])
		if err != nil {
			return err
		}
		defer tenant.Client.CloseIdleConnections()
		users, err := tenantclient.NewUsers(ctx, tenant, tenantclient.Load{Registers: 4, Writes: 10, Reads: 30})
		if err != nil {
			return err
		}
		users.Start(ctx)
		defer users.Stop()
		crowd = append(crowd, users)
	}
	const calm, warm = 20 * time.Second, 3 * time.Second
	b.say("%d tenants in both cells, %s without a move", b.plan.neighbours, warm+calm)
	if err := wait(ctx, warm+calm); err != nil {
		return err
	}
	b.say("now one of %d MB moves", b.plan.neighbour/mb)
	begun := time.Now()
	m, err := b.Move(ctx, mover.ID, other(mover.Cell))
	if err != nil {
		return err
	}
	if m.Phase != "completed" {
		return fmt.Errorf("the move ended %s: %s", m.Phase, m.Failure)
	}
	ended := time.Now()
	before, during := p99(crowd, begun.Add(-calm), begun), p99(crowd, begun, ended)
	b.say("p99 %s before, %s during a move of %s", before.Round(time.Microsecond), during.Round(time.Microsecond), ended.Sub(begun).Round(time.Second))
	b.out.AtMost("neighbours_p99", during.Seconds()/before.Seconds(), "ratio", neighbourBar)
	return nil
}

func p99(crowd []*tenantclient.Users, from, to time.Time) time.Duration {
	var all []tenantclient.Sample
	for _, users := range crowd {
		for _, kind := range []tenantclient.Kind{tenantclient.Write, tenantclient.Read} {
			all = append(all, users.Record.Between(kind, from, to)...)
		}
	}
	return tenantclient.Quantile(all, 0.99)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
