package main

import (
	"context"
	"errors"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

const megabyte = 1_000_000

// memory is what a router of the edge's whole work holds after every tenant has
// asked once, and every token was used.
func (b *bench) memory(ctx context.Context) error {
	id, err := b.issue(ctx)
	if err != nil {
		return err
	}
	flags, err := b.fullFlags(ctx)
	if err != nil {
		return err
	}
	s := b.setup
	b.say("starting a router with %d tenants, and asking for each of them", b.tenants)
	all, err := b.launch(ctx, func() (*contender.Contender, error) { return b.startRouter(&s, "router-memory", flags...) })
	if err != nil {
		return err
	}
	return errors.Join(b.fill(ctx, all[0], id.tokens), b.halt(ctx, all...))
}

func (b *bench) fill(ctx context.Context, router *contender.Contender, tokens []string) error {
	start, _, err := router.Memory()
	if err != nil {
		return err
	}
	for _, requests := range []*workload.Requests{{Tokens: tokens, Identified: true}, {Tenants: b.tenants, Identified: true}} {
		opts := b.load(router.Addr, 0, max(len(requests.Tokens), requests.Tenants))
		opts.Requests, opts.Processor = requests, -1
		result, err := loadgen.Closed(ctx, opts)
		if err == nil {
			err = result.Err()
		}
		if err != nil {
			return err
		}
	}
	resident, peak, err := router.Memory()
	if err != nil {
		return err
	}
	b.is("memory_all_tenants_resident", float64(resident)/megabyte)
	b.note("memory_at_start", float64(start)/megabyte, "MB", "before the first request")
	b.note("memory_peak", float64(peak)/megabyte, "MB", "most at any time since the start")
	return nil
}
