package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// A pause says something of the migration only beside what the same users see
// while nothing moves: the slowest of some thousand requests is slow on any
// machine that has much to do.
const (
	restWindow  = 10 * time.Second // about as long as a short move
	restWindows = 3                // and one before, in which caches and pools become warm
)

// atRest notes the slowest requests of some windows without a move.
func (b *bench) atRest(ctx context.Context, users *tenantclient.Users, suffix string) error {
	var writes, reads []time.Duration
	for n := range restWindows + 1 {
		begun := time.Now()
		timer := time.NewTimer(restWindow)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		if n == 0 {
			continue
		}
		writes = append(writes, longest(writesBetween(users, begun, time.Now())))
		reads = append(reads, longest(users.Record.Between(tenantclient.Read, begun, time.Now())))
	}
	b.note("write_slowest_at_rest_"+suffix, milliseconds(slices.Max(writes)), fmt.Sprintf("in %d windows of %s without a move: %v", restWindows, restWindow, rounded(writes)))
	b.note("read_slowest_at_rest_"+suffix, milliseconds(slices.Max(reads)), fmt.Sprint(rounded(reads)))
	return nil
}

// note prints what has no bar.
func (b *bench) note(name string, value float64, text string) {
	_, _ = fmt.Fprintf(b.out.Out, "note %s %.4g ms: %s\n", name, value, text)
}

func writesBetween(users *tenantclient.Users, begin, end time.Time) []tenantclient.Sample {
	return append(users.Record.Between(tenantclient.Write, begin, end), users.Record.Between(tenantclient.Create, begin, end)...)
}

// gap is the longest time in which no write was acknowledged.
func gap(writes []tenantclient.Sample) time.Duration {
	var answered []time.Time
	for _, s := range writes {
		if !s.Failed {
			answered = append(answered, s.At.Add(s.Latency))
		}
	}
	slices.SortFunc(answered, time.Time.Compare)
	var longest time.Duration
	for i := 1; i < len(answered); i++ {
		longest = max(longest, answered[i].Sub(answered[i-1]))
	}
	return longest
}

func rounded(all []time.Duration) []time.Duration {
	short := make([]time.Duration, len(all))
	for i, d := range all {
		short[i] = d.Round(time.Millisecond)
	}
	return short
}
