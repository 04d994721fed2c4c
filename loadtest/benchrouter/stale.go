package main

import (
	"context"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/fence"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

const (
	staleTenants = 5_000
	mostMoves    = 12                     // of a tenant before the router hears of it
	moveEvery    = 500 * time.Microsecond // some tenant, while clients ask
)

// staleEntries asks a router whose directory is as old as can be, which no
// message ever reaches, and whose control plane is down, while tenants go on to
// move: all it can learn, it learns from cells that refuse.
func (b *bench) staleEntries(ctx context.Context) error {
	world := fence.NewWorld(staleTenants)
	for tenant := range staleTenants {
		for range rand.IntN(mostMoves + 1) {
			world.Move(tenant)
		}
	}
	master, err := hex.DecodeString(contender.EdgeKey)
	if err != nil {
		return err
	}
	var cells []http.Handler
	for _, cell := range world.Cells(master) {
		cells = append(cells, cell)
	}
	urls, err := b.serveHandlers(ctx, cells)
	if err != nil {
		return err
	}
	s := b.setup
	s.Snapshot = filepath.Join(s.Dir, "stale.snapshot")
	if err := workload.WriteSnapshot(s.Snapshot, staleTenants, urls); err != nil {
		return err
	}
	all, err := b.launch(ctx, func() (*contender.Contender, error) { return b.startRouter(&s, "router-stale") })
	if err != nil {
		return err
	}
	return errors.Join(b.askStale(ctx, world, all[0]), b.halt(ctx, all...))
}

// serveHandlers serves each cell at a port of its own until the end of the run.
func (b *bench) serveHandlers(ctx context.Context, cells []http.Handler) (urls []string, err error) {
	for _, cell := range cells {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		server := &http.Server{Handler: cell, ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = server.Serve(listener) }() // until Close
		b.stops = append(b.stops, func(context.Context) error { return server.Close() })
		urls = append(urls, "http://"+listener.Addr().String())
	}
	return urls, nil
}

func (b *bench) askStale(ctx context.Context, world *fence.World, router *contender.Contender) error {
	clients := &fence.Clients{World: world, Router: router.Addr, Tenants: staleTenants, Number: 32, Total: b.pick(100_000, 20_000)}
	b.say("sending %d requests to a router that knows where %d tenants were %d moves ago, while they move on", clients.Total, staleTenants, world.Moves())
	moving, stopMoving := context.WithCancel(ctx)
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		for moving.Err() == nil {
			world.Move(rand.IntN(staleTenants))
			pause(moving, moveEvery)
		}
	}()
	err := clients.Run(ctx)
	stopMoving()
	<-moved
	if err != nil {
		return err
	}
	if first := clients.First(); first != nil {
		b.say("first wrong answer: %v", first)
	}
	b.say("%d answered, %d told to come again, %d moves in all", clients.Answered.Load(), clients.Repeated.Load(), world.Moves())
	b.is("stale_entries_wrong_answers", float64(clients.Wrong.Load()))
	b.note("stale_entries_told_to_retry", 100*float64(clients.Repeated.Load())/float64(clients.Total), "%", "answered 503 with Retry-After, then rightly; nothing was executed")
	return nil
}
