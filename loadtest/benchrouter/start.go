package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

const (
	starts       = 3
	startWithin  = time.Minute
	attemptPause = time.Millisecond
)

// coldStart is the time from a router's execution to its first right answer,
// with a snapshot of all tenants on disk and nothing else alive.
func (b *bench) coldStart(ctx context.Context) error {
	b.say("starting a router %d times with a snapshot of %d tenants", starts, b.tenants)
	var took []float64
	for i := range starts {
		t, err := b.startOnce(ctx, (i+1)*b.tenants/(starts+1))
		if err != nil {
			return err
		}
		took = append(took, t.Seconds())
	}
	b.is("start_to_first_answer", median(took))
	return nil
}

// startOnce starts a router and asks for one tenant until it answers.
func (b *bench) startOnce(ctx context.Context, request int) (took time.Duration, err error) {
	s := b.setup
	router, err := b.startRouter(&s, "router-start")
	if err != nil {
		return 0, err
	}
	b.stops = append(b.stops, router.Stop)
	defer func() { err = errors.Join(err, b.halt(ctx, router)) }()
	requests := &workload.Requests{Tenants: b.tenants, Identified: true}
	var last error
	for ctx.Err() == nil && time.Since(router.Started) < startWithin {
		if last = askOnce(ctx, router.Addr, requests, request); last == nil {
			return time.Since(router.Started), nil
		}
		pause(ctx, attemptPause)
	}
	return 0, fmt.Errorf("no right answer: %w", last)
}

// askOnce sends one request on a connection of its own.
func askOnce(ctx context.Context, addr netip.AddrPort, requests *workload.Requests, i int) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp4", addr.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it has been answered
	if err := conn.SetDeadline(time.Now().Add(startWithin)); err != nil {
		return err
	}
	if _, err := conn.Write(requests.Append(nil, i)); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.HasPrefix(body, requests.AppendWant(nil, i)) {
		return fmt.Errorf("answer %d %q", resp.StatusCode, body)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
