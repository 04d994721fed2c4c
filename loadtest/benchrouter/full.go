package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/servers"
)

// identity is an issuer whose keys are served, and its tokens.
type identity struct {
	issuer *workload.Issuer
	tokens []string
	url    string // of the JWKS
}

// issue makes the issuer and one token for each of many tenants, once a run.
func (b *bench) issue(ctx context.Context) (*identity, error) {
	if b.identity != nil {
		return b.identity, nil
	}
	n := b.pick(10_000, 2_000)
	b.say("signing %d access tokens", n)
	issuer, err := workload.NewIssuer()
	if err != nil {
		return nil, err
	}
	tokens, err := issuer.Tokens(n)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: issuer, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // until Shutdown
	b.stops = append(b.stops, server.Shutdown)
	b.identity = &identity{issuer: issuer, tokens: tokens, url: "http://" + listener.Addr().String() + "/jwks.json"}
	return b.identity, nil
}

// fullFlags makes a router do the edge's whole work, limits shared through
// Redis included.
func (b *bench) fullFlags(ctx context.Context) ([]string, error) {
	id, err := b.issue(ctx)
	if err != nil {
		return nil, err
	}
	redis, err := b.startRedis(ctx)
	if err != nil {
		return nil, err
	}
	return []string{"--jwks-url", id.url, "--issuer", workload.IssuerURL, "--audience", workload.Audience, "--redis-url", redis}, nil
}

// startRedis starts the Redis in which routers share their counts, once a run.
func (b *bench) startRedis(ctx context.Context) (url string, err error) {
	if b.redisURL != "" {
		return b.redisURL, nil
	}
	ports, err := servers.FreePorts(1)
	if err != nil {
		return "", err
	}
	redis := servers.Redis{Dir: filepath.Join(b.setup.Dir, "redis"), Port: ports[0], Password: "bench", MaxMemory: "512mb"}
	if err := redis.Prepare(ctx); err != nil {
		return "", err
	}
	spec := redis.Spec()
	spec.Args = append([]string{"--cpu-list", strconv.Itoa(ourProcessor), spec.Path}, spec.Args...)
	spec.Path = "/usr/bin/taskset"
	p, err := servers.Start(spec, servers.Attached)
	if err != nil {
		return "", err
	}
	b.stops = append(b.stops, p.Stop)
	b.redisURL = redis.URL(0)
	return b.redisURL, p.AwaitReady(ctx)
}

// cpuFull compares what the edge's whole work costs.
func (b *bench) cpuFull(ctx context.Context) error {
	id, err := b.issue(ctx)
	if err != nil {
		return err
	}
	one, err := b.fullContest(ctx, id, 1, b.pick(7, 5), b.pick(40_000, 6_000))
	if err != nil {
		return err
	}
	b.is("cpu_full_vs_haproxy", one.ratio(1))
	b.noteCosts("full", one)
	if b.short {
		return nil
	}
	two, err := b.fullContest(ctx, id, 2, 3, 40_000)
	if err != nil {
		return err
	}
	b.note("cpu_full_2_threads_vs_haproxy", two.ratio(1), "x", "the same with two threads each and no processor of one's own")
	return nil
}

func (b *bench) fullContest(ctx context.Context, id *identity, threads, rounds, count int) (costs, error) {
	key, err := id.issuer.PublicPEM()
	if err != nil {
		return nil, err
	}
	flags, err := b.fullFlags(ctx)
	if err != nil {
		return nil, err
	}
	s, processor := b.threads(threads)
	b.say("starting router and HAProxy for the edge's whole work, %d threads each, with %d tenants", threads, b.tenants)
	all, err := b.launch(ctx,
		func() (*contender.Contender, error) { return b.startRouter(&s, "router-full", flags...) },
		func() (*contender.Contender, error) { return contender.HAProxyFull(&s, key) },
	)
	if err != nil {
		return nil, err
	}
	b.say("requests with %d tokens in turn: %d rounds of %d for each", len(id.tokens), rounds, count)
	c, err := b.measure(ctx, contest{
		contenders: all, requests: &workload.Requests{Tokens: id.tokens, Identified: true}, rounds: rounds, count: count, processor: processor,
	})
	if err != nil {
		return nil, errors.Join(err, b.halt(ctx, all...))
	}
	b.say("CPU per request: router %.1f us, HAProxy %.1f us", c.micros(0), c.micros(1))
	return c, b.halt(ctx, all...)
}
