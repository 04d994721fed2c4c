package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// unlimited are rules without limits, since the others count nothing here; with
// limits the contest is that of cpuFull.
const unlimited = `{"default_plan": "free", "plans": {"free": {}}, "routes": [{"prefix": "/", "class": "all"}]}`

// cpuPlain compares what looking a host up among all tenants and forwarding
// costs. The router signs every request besides, and measures it, as it always
// does.
func (b *bench) cpuPlain(ctx context.Context) error {
	one, err := b.plainContest(ctx, 1, b.pick(7, 5), b.pick(70_000, 10_000))
	if err != nil {
		return err
	}
	b.is("cpu_plain_vs_haproxy", one.ratio(1))
	b.is("cpu_plain_vs_nginx", one.ratio(2))
	b.noteCosts("plain", one)
	if b.short {
		return nil
	}
	two, err := b.plainContest(ctx, 2, 3, 60_000)
	if err != nil {
		return err
	}
	b.note("cpu_plain_2_threads_vs_haproxy", two.ratio(1), "x", "the same with two threads each and no processor of one's own")
	b.note("cpu_plain_2_threads_vs_nginx", two.ratio(2), "x", "")
	return nil
}

func (b *bench) noteCosts(name string, c costs) {
	for i, who := range []string{"router", "haproxy", "nginx"}[:len(c)] {
		b.note("cpu_"+name+"_"+who, c.micros(i), "us", "CPU per request")
	}
}

func (b *bench) plainContest(ctx context.Context, threads, rounds, count int) (costs, error) {
	s, processor := b.threads(threads)
	rules := filepath.Join(b.setup.Dir, "unlimited.json")
	if err := os.WriteFile(rules, []byte(unlimited), 0o600); err != nil {
		return nil, err
	}
	b.say("starting router, HAProxy and nginx, %d threads each, with %d tenants", threads, b.tenants)
	all, err := b.launch(ctx,
		func() (*contender.Contender, error) { return b.startRouter(&s, "router", "--policy", rules) },
		func() (*contender.Contender, error) { return contender.HAProxy(&s) },
		func() (*contender.Contender, error) { return contender.Nginx(&s) },
	)
	if err != nil {
		return nil, err
	}
	b.say("plain requests: %d rounds of %d for each", rounds, count)
	c, err := b.measure(ctx, contest{contenders: all, requests: &workload.Requests{Tenants: b.tenants}, rounds: rounds, count: count, processor: processor})
	if err != nil {
		return nil, errors.Join(err, b.halt(ctx, all...))
	}
	b.say("CPU per request: router %.1f us, HAProxy %.1f us, nginx %.1f us", c.micros(0), c.micros(1), c.micros(2))
	return c, b.halt(ctx, all...)
}
