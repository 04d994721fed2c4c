package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// Platform is one whole platform on this machine. Its methods may be called at
// the same time; those that change something wait for each other.
type Platform struct {
	opts     Options
	progress *progress
	changing sync.Mutex
	state    *stateFile
}

// New returns the platform in Options.Dir, running or not.
func New(opts Options) (*Platform, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	state, err := loadState(opts.Dir)
	if err != nil {
		return nil, err
	}
	return &Platform{opts: opts, progress: newProgress(opts.Out), state: state}, nil
}

// State returns a copy of what platform.json holds.
func (p *Platform) State() State { return p.state.get() }

// BinDir is where the platform's programs are.
func (p *Platform) BinDir() string { return p.opts.BinDir }

// CellPostgres is the server of a cell's database: the coordinator's where Citus
// is offered.
func (p *Platform) CellPostgres(cell string) servers.Postgres { return p.layout().cellPostgres(cell) }

// ControlPostgres is the server of the control plane's database.
func (p *Platform) ControlPostgres() servers.Postgres { return p.layout().controlPostgres() }

// PrepareControl makes the control plane's role, database, schema and keys on its
// server, which runs.
func (p *Platform) PrepareControl(ctx context.Context) error {
	return p.change(func() error { return p.controlDatabase(ctx) })
}

// Program is a program of the platform with its environment, for the commands
// that operators run beside it: those of a cell against its database, cellctl and
// controlplane.
func (p *Platform) Program(name, cell string) (path string, env []string, err error) {
	l := p.layout()
	path, env = filepath.Join(p.opts.BinDir, name), programEnv()
	switch name {
	case "controlplane":
		return path, append(env, l.controlPlaneEnv()...), nil
	case "cellctl":
		return path, append(env, "CELLCTL_API_KEY="+p.State().Endpoints.ControlPlane.Token), nil // goes with --server
	}
	control, err := derived(l.secrets.ControlKey, cell)
	if err != nil {
		return "", nil, err
	}
	at := l.cellEndpoints(site{cell: cell})
	return path, append(env, "CELL_MOVER_DATABASE_URL="+at.MoverDatabaseURL, "CELL_CONTROL_KEY="+control), nil
}

// Start starts one part that does not run, and waits until it is ready. It
// does not look at what the part needs.
func (p *Platform) Start(ctx context.Context, name string) error {
	return p.withPart(name, func(pt part) error { return p.startPart(ctx, pt) })
}

// Stop stops one part in an orderly way.
func (p *Platform) Stop(ctx context.Context, name string) error {
	return p.withPart(name, func(pt part) error { return p.stopPart(ctx, pt) })
}

// Kill ends one part at once, as a crash would, with the processes that it
// started. Status then calls it dead.
func (p *Platform) Kill(ctx context.Context, name string) error {
	return p.withPart(name, func(part) error {
		if err := p.State().Parts[name].Kill(ctx); err != nil {
			return fmt.Errorf("kill %s: %w", name, err)
		}
		return nil
	})
}

// Restart stops one part, builds the programs, and starts the part again.
func (p *Platform) Restart(ctx context.Context, name string) error {
	return p.withPart(name, func(pt part) error {
		if err := p.build(ctx); err != nil {
			return err
		}
		if err := p.stopPart(ctx, pt); err != nil {
			return err
		}
		return p.startPart(ctx, pt)
	})
}

func (p *Platform) withPart(name string, do func(part) error) error {
	return p.change(func() error {
		parts, err := p.layout().parts(p.opts.BinDir)
		if err != nil {
			return err
		}
		found, err := findPart(parts, name)
		if err != nil {
			return err
		}
		return do(found)
	})
}

// change calls f while no other command changes the platform, and with the
// state as the last one left it.
func (p *Platform) change(f func() error) (err error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	release, err := acquire(p.opts.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := p.state.reload(); err != nil {
		return err
	}
	return f()
}

func (p *Platform) layout() layout {
	s := p.State()
	return layout{
		dir: p.opts.Dir, ports: s.Ports, reach: p.opts.Reach, issuers: p.opts.Issuers, hydraAt: p.opts.Hydra, archive: p.opts.Archived, secrets: s.Secrets, root: p.opts.Root,
		watched: s.Watched, traced: s.Jaeger != "", jaeger: ifThere(s.Jaeger), traces: p.opts.Traces,
	}
}

// ifThere is the path of a program that has been built, and "" until then.
func ifThere(program string) string {
	if _, err := os.Stat(program); err != nil {
		return ""
	}
	return program
}

// startPart starts a part unless it runs, and waits until it is ready. Its
// process is recorded before anything waits for it.
func (p *Platform) startPart(ctx context.Context, pt part) error {
	if p.State().Parts[pt.name].Alive() {
		return nil
	}
	if err := makePartDir(p.opts.Dir, pt.name); err != nil {
		return fmt.Errorf("start %s: %w", pt.name, err)
	}
	if pt.prepare != nil {
		if err := pt.prepare(ctx); err != nil {
			return err
		}
	}
	lifetime := servers.Detached
	if p.opts.Attached {
		lifetime = servers.Attached
	}
	process, err := servers.Start(pt.spec, lifetime)
	if err != nil {
		return err
	}
	if err := p.record(pt, process.ID()); err != nil {
		return errors.Join(err, process.Stop(context.WithoutCancel(ctx)))
	}
	return process.AwaitReady(ctx)
}

func (p *Platform) record(pt part, id servers.Identity) error {
	return p.state.change(func(s *State) {
		s.Parts[pt.name] = PartState{
			Identity: id, StartedAt: time.Now().UTC().Truncate(time.Second),
			Address: s.Ports.address(portsOf(pt.name)[0]), Log: pt.spec.Log,
		}
	})
}

// stopPart stops a part unless it is stopped.
func (p *Platform) stopPart(ctx context.Context, pt part) error {
	if err := pt.spec.Stop(ctx, p.State().Parts[pt.name].Identity); err != nil {
		return err
	}
	return p.state.change(func(s *State) { delete(s.Parts, pt.name) })
}
