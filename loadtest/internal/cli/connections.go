package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/loadtest/internal/conduct"
	"github.com/coditect/platform/loadtest/internal/hold"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// crowding is what 'connections' was asked to do.
type crowding struct {
	count   int
	targets []string
	tenants string
	domain  string
	path    string
	expect  int
	holding time.Duration
	far     bool
}

const connectionsHelp = `Opens connections over several processes and loopback source addresses, asks once on each,
holds them, and asks on each again. Every connection must have served both times, and none
may have been opened anew; otherwise the exit code is 99.

One process of a router holds fewer than 20,000: name several routers (--target more than
once), or start several at one address (router --reuse-port).`

func (p *program) connectionsCommand() *cobra.Command {
	c := crowding{}
	cmd := &cobra.Command{
		Use: "connections", Short: "Hold many connections open", Long: connectionsHelp, Args: exactly(0),
		Example: `  loadtest connections --n 30000 --target http://127.0.0.1:8080 --target http://127.0.0.1:8081 --tenants tenants.ndjson`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.connections(cmd.Context(), &c) },
	}
	f := cmd.Flags()
	f.IntVar(&c.count, "n", 100_000, "how many")
	f.StringArrayVar(&c.targets, "target", nil, "base `URL`; may be given more than once")
	f.StringVar(&c.tenants, "tenants", "", "tenants' `FILE`: each connection belongs to one, in turn")
	f.StringVar(&c.domain, "domain", localDomain, "tenants answer at {slug}.`DOMAIN`")
	f.StringVar(&c.path, "path", "/v1/organization", "what is asked for")
	f.IntVar(&c.expect, "expect", 200, "the right answer's status")
	f.DurationVar(&c.holding, "for", time.Minute, "how long they are held")
	f.BoolVar(&c.far, "i-mean-it", false, "the target may be another machine")
	return cmd
}

func (p *program) connections(ctx context.Context, c *crowding) error {
	const mostConnections = 1_000_000
	if c.count < 1 || c.count > mostConnections || len(c.targets) == 0 {
		return misused(fmt.Errorf("connections: use --n 1 to %d, and --target", mostConnections))
	}
	addresses, err := c.addresses(ctx)
	if err != nil {
		return misused(err)
	}
	users, err := c.users(addresses[0])
	if err != nil {
		return misused(err)
	}
	parts := hold.Split(addresses, c.count, hold.Part{Path: c.path, Expect: c.expect, Users: users})
	h, err := hold.Start(p.opts.Program, parts)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // they hold nothing but connections
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	first, err := h.Round()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.opts.Stdout, "%d connections are open in %d processes; %d were served, %d not %s\n", c.count, len(parts), first.Served, first.Wrong, first.First)
	timer := time.NewTimer(c.holding)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	if err := h.Ask(); err != nil {
		return err
	}
	second, err := h.Round()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.opts.Stdout, "after %s: %d were served, %d not %s; %d were lost meanwhile\n", c.holding, second.Served, second.Wrong, second.First, second.Lost)
	if first.Wrong+second.Wrong+second.Lost > 0 {
		return &exit{code: ExitThresholds, err: errors.New("not every connection was held and served")}
	}
	return nil
}

func (c *crowding) addresses(ctx context.Context) (all []string, err error) {
	for _, target := range c.targets {
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "http" || u.Port() == "" {
			return nil, fmt.Errorf("connections: --target %s is not http://host:port", target)
		}
		if err := conduct.CheckTarget(ctx, target, c.far); err != nil {
			return nil, err
		}
		all = append(all, u.Host)
	}
	return all, nil
}

func (c *crowding) users(address string) (all []hold.User, err error) {
	if c.tenants == "" {
		return []hold.User{{Host: address}}, nil
	}
	file, err := tenants.ReadFile(c.tenants, 0)
	if err != nil {
		return nil, err
	}
	for _, t := range file {
		all = append(all, hold.User{Host: t.Slug + "." + c.domain, Key: t.Key})
	}
	return all, nil
}

func (p *program) holdCommand() *cobra.Command {
	return &cobra.Command{
		Use: hold.Command, Short: "A process of 'connections', which tells it what to do", Hidden: true, Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return hold.Serve(cmd.Context(), p.opts.Stdin, p.opts.Stdout)
		},
	}
}
