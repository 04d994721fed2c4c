package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
)

// part measures some of the figures; it can run alone.
type part struct {
	name    string
	measure func(ctx context.Context, b *bench) error
}

// parts are in the order of a whole run. That behind a fault everything comes to
// rest in time is measured by `make chaos`.
var parts = append(pauseParts(), []part{
	{"copy", copySpeed},
	{"drain", drain},
	{"neighbours", neighbours},
	{"verification", verification},
}...)

// bench is one run.
type bench struct {
	*fleet.Fleet
	plan plan
	out  *figures.Figures
	log  io.Writer // what is under way, for whoever waits
}

// say tells what is under way.
func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.log, format+"\n", args...)
}

func (b *bench) run(ctx context.Context, chosen []part) error {
	for i, p := range chosen {
		begun := time.Now()
		b.say("── %s (%d of %d)", p.name, i+1, len(chosen))
		if err := p.measure(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		b.say("── %s took %s", p.name, time.Since(begun).Round(time.Second))
	}
	return nil
}

// choose returns the parts of that name, or whose name begins with it; "" is all.
func choose(only string, p plan) ([]part, error) {
	var chosen []part
	var names []string
	for _, candidate := range parts {
		if size, pauses := strings.CutPrefix(candidate.name, pausesOf); pauses && p.size(size) == nil {
			continue // not in this plan
		}
		names = append(names, candidate.name)
		if strings.HasPrefix(candidate.name, only) {
			chosen = append(chosen, candidate)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no part %q; there are %s", only, strings.Join(names, ", "))
	}
	return chosen, nil
}
