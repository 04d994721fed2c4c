package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

// measured is what storeload says; see there.
type measured struct {
	Transactions int64   `json:"transactions"`
	Errors       int64   `json:"errors"`
	FirstError   string  `json:"first_error"`
	Seconds      float64 `json:"seconds"`
	CPUSeconds   float64 `json:"cpu_seconds"`
	P50          int64   `json:"p50_us"`
	P99          int64   `json:"p99_us"`
}

func (m *measured) rate() float64 { return float64(m.Transactions) / m.Seconds }

// store drives the cell's store for a while. A single error is one too many.
func (w *world) store(ctx context.Context, op string, targets []target, span time.Duration) (measured, error) {
	var in, out, complaints bytes.Buffer
	for _, t := range targets {
		if err := json.NewEncoder(&in).Encode(t); err != nil {
			return measured{}, err
		}
	}
	command := exec.CommandContext(ctx, w.program("storeload"), "-op", op, "-conns", strconv.Itoa(loadConns), "-for", span.String())
	command.Env = environment("CELL_DATABASE_URL=" + w.postgres.DSN(appRole, w.password, database))
	command.Stdin, command.Stdout, command.Stderr = &in, &out, &complaints
	if err := command.Run(); err != nil {
		return measured{}, fmt.Errorf("storeload: %w: %s", err, trim(complaints.Bytes()))
	}
	var m measured
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		return m, fmt.Errorf("storeload: %w", err)
	}
	if m.Errors > 0 || m.Transactions == 0 {
		return m, fmt.Errorf("storeload: %d of %d transactions failed, one of them: %s", m.Errors, m.Errors+m.Transactions, m.FirstError)
	}
	return m, nil
}

// reads compares point reads by id, and says what the fence costs Postgres.
func (b *bench) reads(ctx context.Context) error {
	return b.against(ctx, "read", readScript)
}

// inserts compares writes with fence, row-level security and audit.
func (b *bench) inserts(ctx context.Context) error {
	return b.against(ctx, "insert", insertScript)
}

func (b *bench) against(ctx context.Context, op string, script func(fence bool) scripts) error {
	var transactions int64 // as many as the store, whose turn comes first
	side := func(s scripts) func() (float64, error) {
		return func() (float64, error) { return b.pgbench(ctx, s, transactions) }
	}
	all, err := b.turns(func() (float64, error) {
		m, err := b.store(ctx, op, b.targets[:scriptTenants], b.turn())
		transactions = m.Transactions
		return m.rate(), err
	}, side(script(true)), side(script(false)))
	if err != nil {
		return err
	}
	b.atLeast(op+"_vs_pgbench", ratio(all[0], all[1]), "x", 0.6)
	b.note(op+"_rate", median(all[0]), "transactions/s", "of the store, over 16 connections")
	b.note(op+"_rate_pgbench", median(all[1]), "transactions/s", "the same statements in the same pipelines")
	b.note(op+"_fence_cost", ratio(all[2], all[1]), "x", "pgbench's rate without the fence's statement to that with it")
	return nil
}
