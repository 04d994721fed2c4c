package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	generatorUsers = 64
	generatorRound = 5 * time.Second
)

// wrkRequests is how wrk says how many it sent.
var wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)

// generator compares what a request costs the load tester with what it costs
// wrk, both as fast as the same server answers over as many connections, in turns.
func (b *bench) generator(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	body := []byte(`{"answer":"the same for everybody, about as long as that of a small resource; its content does not matter"}`)
	server := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) { c.SetBody(body) }}
	defer func() { _ = server.Shutdown() }()
	go func() { _ = server.Serve(listener) }()
	url := "http://" + listener.Addr().String() + "/"

	var ratios, ours, theirs []float64
	for range pick(b, 5, 3) {
		wrk, err := b.wrk(ctx, url)
		if err != nil {
			return err
		}
		own, err := b.closed(ctx, url)
		if err != nil {
			return err
		}
		ratios, ours, theirs = append(ratios, own/wrk), append(ours, own), append(theirs, wrk)
	}
	b.figures.AtMost("generator_cpu_vs_wrk", median(ratios), "x", 1.5)
	b.note("generator_cpu", median(ours), "µs", "of one request, the program's start and its report included")
	b.note("wrk_cpu", median(theirs), "µs", "of one request")
	return nil
}

// wrk returns the processor time of one of its requests, in microseconds.
func (b *bench) wrk(ctx context.Context, url string) (float64, error) {
	r, err := execute(exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(generatorUsers), "-d"+generatorRound.String(), "--latency", url))
	found := wrkRequests.FindStringSubmatch(r.output)
	if err != nil || found == nil {
		return 0, errors.Join(err, fmt.Errorf("wrk: %s", r.output))
	}
	n, err := strconv.ParseFloat(found[1], 64)
	return float64(r.cpu.Microseconds()) / n, err
}

// closed returns the same of the load tester.
func (b *bench) closed(ctx context.Context, url string) (float64, error) {
	d, r, err := b.load(ctx, "closed", fmt.Sprintf(`name: closed
target: {url: %q}
load: {model: closed, connections: %d}
phases: [{name: all, for: %s, users: %d}]
mix: [{step: http, path: /, weight: 1}]
`, url, generatorUsers, generatorRound, generatorUsers))
	if err != nil {
		return 0, err
	}
	return float64(r.cpu.Microseconds()) / float64(d.Summary.Requests), nil
}

const (
	stallRate  = 500 // requests a second
	stallAfter = 9 * time.Second
	stallFor   = 2 * time.Second
	stallRun   = 20 * time.Second
)

// stall has a server stop once for two seconds in twenty, and compares the p99 that is
// reported with what users felt: of the requests whose time falls into the stall,
// each waits for what is left of it.
func (b *bench) stall(ctx context.Context) error {
	var first sync.Once
	var begun time.Time
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		first.Do(func() { begun = time.Now() })
		if since := time.Since(begun); since >= stallAfter && since < stallAfter+stallFor {
			stalled := time.NewTimer(stallAfter + stallFor - since)
			defer stalled.Stop()
			select {
			case <-r.Context().Done():
			case <-stalled.C:
			}
		}
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	defer func() { _ = server.Close() }() // it holds nothing
	go func() { _ = server.Serve(listener) }()
	d, _, err := b.load(ctx, "stall", fmt.Sprintf(`name: stall
target: {url: "http://%s"}
load: {model: open, arrivals: constant, connections: 64, timeout: 10s}
phases: [{name: all, for: %s, rate: %d}]
mix: [{step: http, path: /, weight: 1}]
`, listener.Addr(), stallRun, stallRate))
	if err != nil {
		return err
	}
	// The hundredth part of all requests that waited longest are the first of the stall.
	longest := time.Duration(stallRun.Seconds()*stallRate/100) * time.Second / stallRate
	want := float64((stallFor - longest).Milliseconds())
	b.figures.AtMost("stall_p99_error", abs(d.Summary.Response.P99/want-1), "", 0.05)
	b.note("stall_p99_reported", d.Summary.Response.P99, "ms", fmt.Sprintf("true: %.0f ms", want))
	b.note("stall_p99_closed", d.Summary.Service.P99, "ms", "what a generator that waits for answers would report; the report shows both")
	return nil
}

func abs(x float64) float64 { return max(x, -x) }
