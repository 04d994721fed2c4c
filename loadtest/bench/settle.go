package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
)

// settle lets the platform finish what a million imported tenants left behind,
// which is no part of the figures that follow: statistics and vacuum of the
// directory's tables, a checkpoint, and the routers' reading of the change log.
func settle(ctx context.Context, p *local.Platform, _ *figures.Figures) error {
	conn, err := pgx.Connect(ctx, p.State().Endpoints.ControlPlane.SuperDatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	for idle := 0; idle < 3; {
		busy, err := busyShare(ctx)
		if err != nil {
			return err
		}
		idle++
		if busy > 0.25 {
			idle = 0
		}
	}
	return ctx.Err()
}

// busyShare measures over a second how much of all processors' time is used.
func busyShare(ctx context.Context) (float64, error) {
	busyBefore, allBefore, err := processorTime()
	if err != nil {
		return 0, err
	}
	waitUntil(time.Now().Add(time.Second))
	busy, all, err := processorTime()
	if err != nil {
		return 0, err
	}
	return float64(busy-busyBefore) / float64(max(1, all-allBefore)), ctx.Err()
}

// processorTime reads the first line of /proc/stat (proc(5)): ticks since boot.
func processorTime() (busy, all uint64, err error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	var user, nice, system, idle, wait uint64
	if _, err := fmt.Sscanf(string(raw), "cpu %d %d %d %d %d", &user, &nice, &system, &idle, &wait); err != nil {
		return 0, 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return user + nice + system, user + nice + system + idle + wait, nil
}
