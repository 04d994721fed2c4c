package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/holder"
	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/servers"
)

// perHelper bounds the connections of one helper: a process may hold 20,000
// descriptors.
const perHelper = 17_000

// idleConnections is what one router pays for clients that are connected and
// silent, while it serves others. Its directory is small, so that what is left
// over from loading a large one does not fall into the difference.
func (b *bench) idleConnections(ctx context.Context) error {
	count := b.pick(18_000, 15_000)
	s := b.setup
	s.Snapshot = filepath.Join(s.Dir, "small.snapshot")
	if err := workload.WriteSnapshot(s.Snapshot, count, endpoints(s.CellPorts)); err != nil {
		return err
	}
	all, err := b.launch(ctx, func() (*contender.Contender, error) { return b.startRouter(&s, "router-idle") })
	if err != nil {
		return err
	}
	return errors.Join(b.holdIdle(ctx, all[0], count), b.halt(ctx, all...))
}

func (b *bench) holdIdle(ctx context.Context, router *contender.Contender, count int) error {
	serve := func() error {
		opts := b.load(router.Addr, 0, b.pick(100_000, 30_000))
		opts.Requests, opts.Processor = &workload.Requests{Tenants: count, Identified: true}, -1
		result, err := loadgen.Closed(ctx, opts)
		return errors.Join(err, result.Err())
	}
	if err := serve(); err != nil {
		return err
	}
	before, _, err := router.Memory()
	if err != nil {
		return err
	}
	b.say("holding %d connections to one router, serving %d others", count, connections)
	h, err := holder.Start(split(router, 0, count, perHelper/2))
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // it holds nothing but connections
	wrong, err := b.askAll(h, count)
	if err != nil {
		return err
	}
	if err := serve(); err != nil {
		return err
	}
	after, _, err := router.Memory()
	if err != nil {
		return err
	}
	again, err := b.askAll(h, count)
	if err != nil {
		return err
	}
	b.is("memory_per_idle_connection", float64(after-before)/float64(count)/1000)
	b.is("idle_connections_errors", float64(wrong+again))
	return h.Close()
}

// manyConnections is six routers that hold a hundred thousand clients together,
// at one address among which the kernel divides them.
func (b *bench) manyConnections(ctx context.Context) error {
	const routers = 6
	count := min(b.pick(100_000, 12_000), b.tenants)
	b.say("starting %d routers with %d tenants each, at one address", routers, b.tenants)
	ports, err := servers.FreePorts(1)
	if err != nil {
		return err
	}
	var launches []func() (*contender.Contender, error)
	for i := range routers {
		s, o := b.setup, contender.RouterOptions{Program: b.router, Name: fmt.Sprintf("router-%d", i), Port: ports[0]}
		launches = append(launches, func() (*contender.Contender, error) { return contender.Router(&s, o) })
	}
	all, err := b.launch(ctx, launches...)
	if err != nil {
		return err
	}
	return errors.Join(b.holdMany(split(all[0], 0, count, perHelper), count), b.halt(ctx, all...))
}

func (b *bench) holdMany(parts []holder.Part, count int) error {
	b.say("opening %d connections, one tenant each, and asking twice on each", count)
	h, err := holder.Start(parts)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // it holds nothing but connections
	wrong, err := b.askAll(h, count)
	if err != nil {
		return err
	}
	again, err := b.askAll(h, count)
	if err != nil {
		return err
	}
	b.is("many_connections_errors", float64(wrong+again))
	return h.Close()
}

// askAll asks on all connections; what is not answered is wrong.
func (b *bench) askAll(h *holder.Holder, count int) (wrong int, err error) {
	requests, wrong, first, err := h.Ask()
	if first != "" {
		b.say("first wrong answer: %s", first)
	}
	b.say("asked on %d connections: %d answered, %d wrong", count, requests, wrong)
	return wrong + count - requests, err
}

// split divides connections to one address over helpers. Every helper has a
// source address of its own, and with it all ports.
func split(router *contender.Contender, first, count, most int) []holder.Part {
	var parts []holder.Part
	for end := first + count; first < end; first += most {
		parts = append(parts, holder.Part{
			To: router.Addr.String(), From: fmt.Sprintf("127.0.1.%d", 1+first/most%250), First: first, Count: min(most, end-first),
		})
	}
	return parts
}
