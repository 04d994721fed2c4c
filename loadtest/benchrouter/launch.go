package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
)

// startRouter starts the router under test.
func (b *bench) startRouter(s *contender.Setup, name string, flags ...string) (*contender.Contender, error) {
	return contender.Router(s, contender.RouterOptions{Program: b.router, Name: name, Flags: flags})
}

// threads returns the setup for contenders with so many threads, and the
// generator's processor. With one thread, the contender has a processor to
// itself; with two, everybody shares both.
func (b *bench) threads(n int) (s contender.Setup, processor int) {
	s = b.setup
	s.Threads = n
	if n > 1 {
		return s, -1
	}
	s.Processors = strconv.Itoa(proxyProcessor)
	return s, ourProcessor
}

// launch starts contenders one after the other, and stops them all if one fails.
func (b *bench) launch(ctx context.Context, starts ...func() (*contender.Contender, error)) ([]*contender.Contender, error) {
	var all []*contender.Contender
	for _, start := range starts {
		c, err := start()
		if err == nil {
			b.stops = append(b.stops, c.Stop)
			all = append(all, c)
			err = c.AwaitReady(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, b.halt(ctx, all...))
		}
	}
	return all, nil
}

// halt stops contenders before the end of the run.
func (b *bench) halt(ctx context.Context, all ...*contender.Contender) error {
	var errs []error
	for _, c := range all {
		errs = append(errs, c.Stop(context.WithoutCancel(ctx)))
	}
	return errors.Join(errs...)
}
