package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/shared/servers"
)

const (
	lookupRate     = 2000 // requests a second
	lookupDuration = 15 * time.Second
	warmUp         = 2 * time.Second // connections are made; the router's cache stays as cold for what follows
	workers        = 128
)

// coldLookups sends requests for tenants that a router has never heard of, each
// once, so that every one costs a look-up in the control plane. They carry no
// key: the cell refuses them at its door, and what is measured is router,
// look-up and a cheap cell together.
func coldLookups(ctx context.Context, p *local.Platform, f *figures.Figures) error {
	addr, stop, err := coldRouter(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	client := &fasthttp.HostClient{Addr: addr, MaxConns: workers, ReadTimeout: 10 * time.Second}
	ask := func(i int) error {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI("http://" + addr + "/v1/organization")
		req.SetHost(bulkSlug("whole", i) + ".localhost")
		if err := client.Do(req, resp); err != nil {
			return err
		}
		if resp.StatusCode() != fasthttp.StatusUnauthorized {
			return fmt.Errorf("%d %s", resp.StatusCode(), resp.Body())
		}
		return nil
	}
	first := int(lookupRate * warmUp.Seconds())
	_, failedFirst := openLoop(ctx, first, lookupRate, ask)
	latencies, failed := openLoop(ctx, int(lookupRate*lookupDuration.Seconds()), lookupRate, func(i int) error { return ask(first + i) })
	f.AtMost("cold_lookup_errors", float64(failed+failedFirst), "requests", 0)
	f.AtMost("cold_lookup_p99", float64(latencies.ValueAtPercentile(99))/1000, "ms", 5)
	return ctx.Err()
}

// openLoop starts n requests at a constant rate and returns the latencies from
// each one's intended time, in microseconds.
func openLoop(ctx context.Context, n int, rate float64, do func(i int) error) (*hdrhistogram.Histogram, int64) {
	all := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	var mu sync.Mutex
	var next, failed atomic.Int64
	start := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			own := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					break
				}
				intended := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				waitUntil(intended)
				if err := do(i); err != nil {
					if failed.Add(1) == 1 {
						fmt.Fprintln(os.Stderr, "first failure:", err)
					}
				}
				_ = own.RecordValue(time.Since(intended).Microseconds()) // beyond a minute: the histogram's end
			}
			mu.Lock()
			defer mu.Unlock()
			all.Merge(own)
		})
	}
	wg.Wait()
	return all, failed.Load()
}

func waitUntil(t time.Time) {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	<-timer.C
}

// coldRouter starts a third router that looks tenants up as they are asked for.
func coldRouter(ctx context.Context, p *local.Platform) (addr string, stop func(), err error) {
	free, err := servers.FreePorts(2)
	if err != nil {
		return "", nil, err
	}
	s := p.State()
	dir, err := os.MkdirTemp("", "cold-router-*")
	if err != nil {
		return "", nil, err
	}
	addr, admin := fmt.Sprintf("127.0.0.1:%d", free[0]), fmt.Sprintf("127.0.0.1:%d", free[1])
	cmd := exec.CommandContext(ctx, filepath.Join(p.BinDir(), "router"), "--listen", addr, "--admin-listen", admin, "--domain", "localhost",
		"--directory-url", s.Endpoints.ControlPlane.URL, "--snapshot", filepath.Join(dir, "snapshot"), "--cache", "lru", "--access-log=false")
	cmd.Env = append(os.Environ(), "ROUTER_EDGE_KEY="+s.Secrets.EdgeKey, "ROUTER_NATS_URL="+s.Endpoints.NATSURL,
		"ROUTER_DIRECTORY_TOKEN="+s.Secrets.Keys["router-us-central1"])
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	for ctx.Err() == nil {
		if status, _, err := call(ctx, "GET", "http://"+admin+"/readyz", "", "", nil, nil); err == nil && status == 200 {
			return addr, stop, nil
		}
		waitUntil(time.Now().Add(50 * time.Millisecond))
	}
	stop()
	return "", nil, ctx.Err()
}
