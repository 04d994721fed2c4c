package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// The small cell that a noisy tenant wants for itself. It waits instead of
// working, so that it has as many processors as it likes.
const (
	cellPlaces = 32                    // requests that it works on at once
	cellWork   = 40 * time.Millisecond // mean time of one, exponential
	cellPeak   = cellPlaces / 0.040    // requests/s

	quietRate  = 0.45 * cellPeak // of all quiet tenants together: each has less than its share
	noisyRate  = 2 * cellPeak
	noisyConns = 1000
)

// smallCell is the cell's server: a request says how long it takes.
type smallCell struct{ places chan struct{} }

// ServeHTTP works on a request once there is a place.
func (c smallCell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	micros, err := strconv.Atoi(r.URL.Query().Get("work"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.places <- struct{}{}
	pause(r.Context(), time.Duration(micros)*time.Microsecond)
	<-c.places
	_, _ = w.Write(workload.AppendAnswer(nil, 0, []byte(r.Host), []byte(r.Header.Get("X-Tenant-ID")))) //nolint:gosec // G705: a benchmark reads it, no browser; whoever hung up does not mind
}

// crowd is requests of some tenants in turn, each as long as its number says.
type crowd struct{ tenants []int }

func (c crowd) tenant(i int) int { return c.tenants[i%len(c.tenants)] }

// Append appends the i-th request.
func (c crowd) Append(b []byte, i int) []byte {
	took := rand.New(rand.NewPCG(uint64(i), 1)).ExpFloat64() * float64(cellWork.Microseconds()) // the same requests in every turn
	return workload.AppendRequestFor(b, "/v1/reports?work="+strconv.Itoa(int(math.Ceil(took))), c.tenant(i))
}

// AppendWant appends how the right answer begins.
func (c crowd) AppendWant(b []byte, i int) []byte { return workload.AppendWant(b, c.tenant(i), true) }

// ofFirstCell finds tenants that live together.
func ofFirstCell(count int) (all []int) {
	for n := 0; len(all) < count; n++ {
		if workload.CellOf(n) == 0 {
			all = append(all, n)
		}
	}
	return all
}

// noisyNeighbour compares what quiet tenants of a small cell see beside one that
// sends twice of what the whole cell can bear with what they see without it.
// Both times they send the very same requests.
func (b *bench) noisyNeighbour(ctx context.Context) error {
	tenants := ofFirstCell(10)
	listening, err := b.serveHandlers(ctx, []http.Handler{smallCell{make(chan struct{}, cellPlaces)}})
	if err != nil {
		return err
	}
	var urls []string
	for range workload.Cells {
		urls = append(urls, listening...)
	}
	s := b.setup
	s.Snapshot = filepath.Join(s.Dir, "noisy.snapshot")
	rules := filepath.Join(s.Dir, "unlimited.json")
	if err := errors.Join(workload.WriteSnapshot(s.Snapshot, tenants[9]+1, urls), os.WriteFile(rules, []byte(unlimited), 0o600)); err != nil {
		return err
	}
	all, err := b.launch(ctx, func() (*contender.Contender, error) { return b.startRouter(&s, "router-noisy", "--policy", rules) })
	if err != nil {
		return err
	}
	return errors.Join(b.compareNoise(ctx, all[0], tenants), b.halt(ctx, all...))
}

func (b *bench) compareNoise(ctx context.Context, router *contender.Contender, tenants []int) error {
	rounds, length := b.pick(4, 1), time.Duration(b.pick(10, 3))*time.Second
	// The router finds the cell's limits first: it takes some windows of package shed.
	finds := time.Duration(b.pick(5, 2)) * time.Second
	b.say("%d times %s: nine tenants at %.0f requests/s in a cell of %.0f/s, alone and beside one that sends %.0f/s", rounds, length, quietRate, cellPeak, noisyRate)
	alone, beside := newLatencies(), newLatencies()
	for round := range rounds {
		quiet := b.load(router.Addr, round*int(quietRate*length.Seconds()), int(quietRate*length.Seconds()))
		quiet.Requests, quiet.Processor, quiet.Connections = crowd{tenants[:9]}, -1, noisyConns
		if err := alone.add(loadgen.Open(ctx, quiet, quietRate)); err != nil {
			return err
		}
		stop := b.makeNoise(ctx, router, tenants[9], finds+length)
		pause(ctx, finds)
		err := beside.add(loadgen.Open(ctx, quiet, quietRate))
		if err = errors.Join(err, stop()); err != nil {
			return err
		}
	}
	b.say("quiet tenants: p99 %s alone, %s beside the noisy one; %d of %d refused", alone.p99(), beside.p99(), beside.refused, beside.all.TotalCount())
	b.is("noisy_neighbour_p99", float64(beside.p99())/float64(alone.p99()))
	b.note("noisy_neighbour_p50", float64(beside.all.ValueAtPercentile(50))/float64(alone.all.ValueAtPercentile(50)), "x", "the same at the median")
	return nil
}

// makeNoise has the noisy tenant send for so long; the returned function waits
// for its end.
func (b *bench) makeNoise(ctx context.Context, router *contender.Contender, tenant int, length time.Duration) func() error {
	opts := b.load(router.Addr, 0, int(noisyRate*length.Seconds()))
	opts.Requests, opts.Processor, opts.Connections = crowd{[]int{tenant}}, -1, noisyConns
	done := make(chan error, 1)
	go func() {
		result, err := loadgen.Open(ctx, opts, noisyRate)
		if err == nil && result.Errors > 0 { // it may be refused as much as it likes
			err = result.Err()
		}
		done <- err
	}()
	return func() error { return <-done }
}

// latencies adds up what several turns brought.
type latencies struct {
	all     *hdrhistogram.Histogram
	refused int
}

func newLatencies() *latencies {
	return &latencies{all: hdrhistogram.New(1000, int64(time.Minute), 3)}
}

func (l *latencies) add(r *loadgen.Result, err error) error {
	if err != nil {
		return err
	}
	if r.Errors > 0 {
		return r.Err()
	}
	l.refused += r.Refused
	l.all.Merge(r.Latency)
	return nil
}

func (l *latencies) p99() time.Duration { return time.Duration(l.all.ValueAtPercentile(99)) }
