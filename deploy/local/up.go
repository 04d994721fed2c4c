package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/coditect/platform/deploy/local/internal/graph"
)

// Up starts everything that does not run, in the order of what needs what,
// and returns when all is ready and the demo tenants are served. It refuses,
// before it starts anything, if that cannot work. When a part fails, or ctx
// ends, what runs goes on running.
func (p *Platform) Up(ctx context.Context) error {
	if err := makeWritable(p.opts.Dir); err != nil {
		return err
	}
	return p.change(func() error {
		ports, err := p.choosePorts()
		if err != nil {
			return err
		}
		if err := p.watch(); err != nil {
			return err
		}
		if p.complete(ctx) {
			p.progress.say("Everything runs already; nothing was changed.\n")
			p.summary()
			return nil
		}
		if err := p.preflight(ports); err != nil {
			return err
		}
		if err := p.settle(ports); err != nil {
			return err
		}
		return p.startAll(ctx)
	})
}

func (p *Platform) startAll(ctx context.Context) error {
	begun := time.Now()
	parts, err := p.layout().parts(p.opts.BinDir)
	if err != nil {
		return err
	}
	if err := graph.Run(ctx, p.startTasks(parts)); err != nil {
		return p.incomplete(ctx, err)
	}
	if dead := p.dead(parts); len(dead) > 0 {
		return p.incomplete(ctx, errors.New(strings.Join(dead, "\n")))
	}
	p.progress.say("\nReady in %.1f s.\n", time.Since(begun).Seconds())
	p.summary()
	return nil
}

// startTasks start all parts that do not run, wait for those that do, and take
// all steps.
func (p *Platform) startTasks(parts []part) []graph.Task {
	var tasks []graph.Task
	known := p.State()
	for _, pt := range parts {
		t := graph.Task{Name: pt.name, Needs: pt.needs}
		if was := known.Parts[pt.name]; was.Alive() {
			t.Do = func(ctx context.Context) error { return pt.spec.AwaitReady(ctx, was.Identity) }
		} else {
			t.Do = p.watched(pt.name, known.Ports.address(portsOf(pt.name)[0]), func(ctx context.Context) error {
				return p.startPart(ctx, pt)
			})
		}
		tasks = append(tasks, t)
	}
	for _, s := range p.steps() {
		t := graph.Task{Name: s.name, Needs: s.needs, Do: s.do}
		if !s.unseen {
			t.Do = p.watched(s.name, "", s.do)
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// watched shows how a task begins and ends.
func (p *Platform) watched(name, detail string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		end := p.progress.begin(name, detail)
		err := do(ctx)
		end(err)
		return err
	}
}

// choosePorts settles where everything listens: as asked, as before, or as usual.
func (p *Platform) choosePorts() (Ports, error) {
	known := p.State()
	switch {
	case p.opts.Ports == nil && len(known.Ports) == len(portTable):
		return known.Ports, nil
	case p.opts.Ports == nil:
		return DefaultPorts(0), nil
	}
	if !maps.Equal(p.opts.Ports, known.Ports) {
		for name, running := range known.Parts {
			if running.Alive() {
				return nil, fmt.Errorf("the platform runs with other ports (%s at %s): stop it first with `make down`", name, running.Address)
			}
		}
	}
	return p.opts.Ports, nil
}

// watch writes down that the platform is watched, which adds parts to it.
func (p *Platform) watch() error {
	known := p.State()
	if !p.opts.Watched || known.Watched && (p.opts.Jaeger == "" || known.Jaeger == p.opts.Jaeger) {
		return nil
	}
	return p.state.change(func(s *State) {
		s.Watched = true
		if p.opts.Jaeger != "" {
			s.Jaeger = p.opts.Jaeger
		}
	})
}

// settle writes down what is decided before anything starts.
func (p *Platform) settle(ports Ports) error {
	return p.state.change(func(s *State) {
		s.Ports = ports
		s.Secrets.fill()
		s.Endpoints = layout{
			dir: p.opts.Dir, ports: ports, issuers: p.opts.Issuers, hydraAt: p.opts.Hydra, secrets: s.Secrets, watched: s.Watched, traced: s.Jaeger != "",
		}.endpoints()
		for slug, tenant := range s.Tenants {
			tenant.URL = ports.tenantURL(slug)
			s.Tenants[slug] = tenant
		}
	})
}

// complete reports whether there is nothing to do.
func (p *Platform) complete(ctx context.Context) bool {
	parts, err := p.Status(ctx)
	if err != nil {
		return false
	}
	for _, part := range parts {
		if part.Condition != Running {
			return false
		}
	}
	return p.opts.WithoutTenants || len(p.State().Tenants) == len(demoTenants)
}

// incomplete adds to an error what is left.
func (p *Platform) incomplete(ctx context.Context, err error) error {
	var runs []string
	known := p.State()
	for _, name := range PartNames() {
		if known.Parts[name].Alive() {
			runs = append(runs, name)
		}
	}
	if len(runs) == 0 {
		return fmt.Errorf("%w\nnothing runs", err)
	}
	advice := "`make up` goes on from here, `make down` stops them"
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", ctx.Err())
	}
	return fmt.Errorf("%w\nthese parts run on: %s\n%s", err, strings.Join(runs, ", "), advice)
}
