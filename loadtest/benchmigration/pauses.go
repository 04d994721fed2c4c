package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// load is what the tenant that moves does meanwhile: 200 writes and 400 reads a
// second.
var load = tenantclient.Load{Registers: 200, Writes: 180, Reads: 400, Creates: 20}

const (
	writePauseP95 = 100 * time.Millisecond
	writePauseP99 = 250 * time.Millisecond
	readPauseP99  = 50 * time.Millisecond
)

// sums are what is true of every move of a part.
type sums struct {
	moves, failed, aborted, lost, doubled, stale int
}

// pausesOf begins the name of a part that moves tenants of one size.
const pausesOf = "pauses-"

// pauseParts is a part for each size of either plan.
func pauseParts() []part {
	var all []part
	seen := map[string]bool{}
	for _, s := range slices.Concat(whole.sizes, brief.sizes) {
		if !seen[s.name] {
			all = append(all, part{pausesOf + s.name, func(ctx context.Context, b *bench) error { return moveOften(ctx, b, *b.plan.size(s.name)) }})
		}
		seen[s.name] = true
	}
	return all
}

// print prints what must hold of every move; the suffix tells the size.
func (s sums) print(out *figures.Figures, suffix string) {
	out.AtLeast("migrations_"+suffix, float64(s.moves), "moves", 1)
	out.AtMost("failed_requests_"+suffix, float64(s.failed), "requests", 0)
	out.AtMost("aborted_migrations_"+suffix, float64(s.aborted), "moves", 0)
	out.AtMost("lost_writes_"+suffix, float64(s.lost), "writes", 0)
	out.AtMost("doubled_writes_"+suffix, float64(s.doubled), "writes", 0)
	out.AtMost("stale_registers_"+suffix, float64(s.stale), "registers", 0)
}

// moveOften moves a tenant back and forth under load.
func moveOften(ctx context.Context, b *bench, s size) error {
	var all sums
	tenant, err := b.SignUp(ctx, "cell-a")
	if err != nil {
		return err
	}
	defer tenant.Client.CloseIdleConnections()
	if err := b.Fill(ctx, tenant.Cell, tenant.ID, s.bytes); err != nil {
		return err
	}
	users, err := tenantclient.NewUsers(ctx, tenant, load)
	if err != nil {
		return err
	}
	users.Start(ctx)
	if err := b.atRest(ctx, users, s.name); err != nil {
		users.Stop()
		return err
	}
	var writes, reads, gaps []time.Duration
	for n := range s.moves {
		begun := time.Now()
		m, err := b.Move(ctx, tenant.ID, other(tenant.Cell))
		if err != nil {
			users.Stop()
			return err
		}
		ended := time.Now()
		all.moves++
		if m.Phase != "completed" {
			all.aborted++
			b.say("aborted: %s", m.Failure)
			continue
		}
		tenant.Cell = other(tenant.Cell)
		allWrites := writesBetween(users, begun, ended)
		allReads := users.Record.Between(tenantclient.Read, begun, ended)
		b.say("slow writes: %s", slowBy(m, allWrites, writePauseP95))
		b.say("slow reads: %s", slowBy(m, allReads, readPauseP99))
		write, read := longest(allWrites), longest(allReads)
		writes, reads, gaps = append(writes, write), append(reads, read), append(gaps, gap(allWrites))
		b.say("%s, move %d of %d: %.1f s, write pause %s, read pause %s, freeze to open %.0f ms, no write acknowledged for %s",
			s.name, n+1, s.moves, ended.Sub(begun).Seconds(), write.Round(time.Millisecond), read.Round(time.Millisecond), m.PauseMS, gaps[len(gaps)-1].Round(time.Millisecond))
	}
	users.Stop()
	verdict, err := users.Judge(ctx)
	if err != nil {
		return err
	}
	failed, _, examples := users.Record.Failed()
	for _, example := range examples {
		b.say("failed: %s", example)
	}
	all.failed += failed
	all.lost += verdict.Lost
	all.doubled += verdict.Doubled + verdict.Strange
	all.stale += len(verdict.Stale)
	for _, why := range verdict.Stale {
		b.say("stale: %s", why)
	}
	all.print(b.out, s.name)
	b.out.AtMost("write_pause_p95_"+s.name, milliseconds(quantile(writes, 0.95)), "ms", milliseconds(writePauseP95))
	b.out.AtMost("write_pause_p99_"+s.name, milliseconds(quantile(writes, 0.99)), "ms", milliseconds(writePauseP99))
	b.note("write_gap_"+s.name, milliseconds(quantile(gaps, 1)), fmt.Sprintf("the longest time in which no write was acknowledged; of all moves %v", rounded(gaps)))
	b.out.AtMost("read_pause_p99_"+s.name, milliseconds(quantile(reads, 0.99)), "ms", milliseconds(readPauseP99))
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

// slowBy says during which stage of the move the requests were due that took
// longer than the bound.
func slowBy(m fleet.Migration, samples []tenantclient.Sample, bound time.Duration) string {
	slow, worst := map[string]int{}, map[string]time.Duration{}
	for _, s := range samples {
		if s.Latency > bound {
			stage := stageAt(m, s.At)
			slow[stage]++
			worst[stage] = max(worst[stage], s.Latency)
		}
	}
	text := fmt.Sprintf("of %d", len(samples))
	for _, t := range m.Timings {
		text += fmt.Sprintf(", %s (%d ms) %d", t.Stage, t.Until.Sub(t.From).Milliseconds(), slow[t.Stage])
		if slow[t.Stage] > 0 {
			text += fmt.Sprintf(" up to %d ms", worst[t.Stage].Milliseconds())
		}
	}
	if slow[""] > 0 {
		text += fmt.Sprintf(", outside %d up to %d ms", slow[""], worst[""].Milliseconds())
	}
	return text
}

func stageAt(m fleet.Migration, at time.Time) string {
	for _, t := range m.Timings {
		if !at.Before(t.From) && at.Before(t.Until) {
			return t.Stage
		}
	}
	return ""
}
