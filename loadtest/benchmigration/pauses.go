package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// load is what the tenant that moves does meanwhile: 200 writes and 400 reads a
// second.
var load = tenantclient.Load{Registers: 20, Writes: 180, Reads: 400, Creates: 20}

const (
	writePauseP95 = 100 * time.Millisecond
	writePauseP99 = 250 * time.Millisecond
	readPauseP99  = 50 * time.Millisecond
)

// sums are what is true of every move together.
type sums struct {
	moves, failed, aborted, lost, doubled, stale int
}

// pauses moves tenants of every size back and forth under load.
func pauses(ctx context.Context, f *fleet.Fleet, p plan, out *figures.Figures) error {
	var all sums
	for _, s := range p.sizes {
		if err := moveOften(ctx, f, s, &all, out); err != nil {
			return fmt.Errorf("tenant of %s: %w", s.name, err)
		}
	}
	out.AtLeast("migrations", float64(all.moves), "moves", 1)
	out.AtMost("failed_requests", float64(all.failed), "requests", 0)
	out.AtMost("aborted_migrations", float64(all.aborted), "moves", 0)
	out.AtMost("lost_writes", float64(all.lost), "writes", 0)
	out.AtMost("doubled_writes", float64(all.doubled), "writes", 0)
	out.AtMost("stale_registers", float64(all.stale), "registers", 0)
	return nil
}

func moveOften(ctx context.Context, f *fleet.Fleet, s size, all *sums, out *figures.Figures) error {
	tenant, err := f.SignUp(ctx, "cell-a")
	if err != nil {
		return err
	}
	defer tenant.Client.CloseIdleConnections()
	if err := f.Fill(ctx, tenant.Cell, tenant.ID, s.bytes); err != nil {
		return err
	}
	users, err := tenantclient.NewUsers(ctx, tenant, load)
	if err != nil {
		return err
	}
	users.Start(ctx)
	var writes, reads []time.Duration
	for n := range s.moves {
		begun := time.Now()
		m, err := f.Move(ctx, tenant.ID, other(tenant.Cell))
		if err != nil {
			users.Stop()
			return err
		}
		ended := time.Now()
		all.moves++
		if m.Phase != "completed" {
			all.aborted++
			_, _ = fmt.Fprintln(os.Stderr, "aborted:", m.Failure)
			continue
		}
		tenant.Cell = other(tenant.Cell)
		write := longest(append(users.Record.Between(tenantclient.Write, begun, ended), users.Record.Between(tenantclient.Create, begun, ended)...))
		read := longest(users.Record.Between(tenantclient.Read, begun, ended))
		writes, reads = append(writes, write), append(reads, read)
		_, _ = fmt.Fprintf(os.Stderr, "%s, move %d of %d: %.1f s, write pause %s, read pause %s, freeze to open %.0f ms\n",
			s.name, n+1, s.moves, ended.Sub(begun).Seconds(), write.Round(time.Millisecond), read.Round(time.Millisecond), m.PauseMS)
	}
	users.Stop()
	verdict, err := users.Judge(ctx)
	if err != nil {
		return err
	}
	failed, _, examples := users.Record.Failed()
	for _, example := range examples {
		_, _ = fmt.Fprintln(os.Stderr, "failed:", example)
	}
	all.failed += failed
	all.lost += verdict.Lost
	all.doubled += verdict.Doubled + verdict.Strange
	all.stale += len(verdict.Stale)
	out.AtMost("write_pause_p95_"+s.name, milliseconds(quantile(writes, 0.95)), "ms", milliseconds(writePauseP95))
	out.AtMost("write_pause_p99_"+s.name, milliseconds(quantile(writes, 0.99)), "ms", milliseconds(writePauseP99))
	out.AtMost("read_pause_p99_"+s.name, milliseconds(quantile(reads, 0.99)), "ms", milliseconds(readPauseP99))
	return nil
}

func other(cell string) string {
	if cell == "cell-a" {
		return "cell-b"
	}
	return "cell-a"
}

func longest(samples []tenantclient.Sample) time.Duration {
	return tenantclient.Quantile(samples, 1)
}

func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
