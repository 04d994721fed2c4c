package conduct

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/report"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// Run is one run.
type Run struct {
	Scenario  *scenario.Scenario
	Text      string // of the scenario's file
	Tenants   []tenants.Tenant
	Processes int    // generators; 1: this one
	Program   string // this program's file, for more
	View      View
	Mover     Mover // nil: no phase moves anybody
}

// View shows a run to people. The consumer's own interface: a test has none.
type View interface {
	Show(elapsed time.Duration, since time.Duration, live *record.Live)
	End()
}

// Mover moves a tenant to a cell and says how it went.
type Mover interface {
	Move(ctx context.Context, tenantID, cell string) (what string, err error)
}

const (
	showEvery = 500 * time.Millisecond
	// lead is how long all processes have to be ready.
	lead = 200 * time.Millisecond
	// leadOutside is the same for processes, which read tenants first.
	leadOutside      = 2 * time.Second
	tenantsPerSecond = 150_000 // that a process reads, on a slow machine
)

// Do runs it. The end of ctx ends it early; then the report has what was done.
func (r *Run) Do(ctx context.Context) (*report.Document, error) {
	begin := time.Now().Add(lead)
	if r.Processes > 1 {
		begin = time.Now().Add(leadOutside + time.Duration(len(r.Tenants))*time.Second/tenantsPerSecond)
	}
	all, err := r.start(ctx, begin)
	if err != nil {
		return nil, err
	}
	moves := r.moves(ctx, begin)
	r.watch(all, begin)
	recording, err := all.wait()
	took := time.Since(begin)
	events := moves()
	if err != nil {
		return nil, err
	}
	return report.Build(report.Run{
		Scenario: r.Scenario, Text: r.Text, Processes: max(1, r.Processes), Began: begin, Took: took,
		Interrupted: ctx.Err() != nil, Events: events, Recording: recording,
	}), nil
}

func (r *Run) start(ctx context.Context, begin time.Time) (generators, error) {
	if r.Processes > 1 {
		return startOutside(ctx, r.Program, r.Scenario, r.Processes, begin)
	}
	return startInside(ctx, r.Scenario, r.Tenants, begin), nil
}

// watch shows what comes until the generators are done.
func (r *Run) watch(all generators, begin time.Time) {
	ticker := time.NewTicker(showEvery)
	defer ticker.Stop()
	last := begin
	for {
		select {
		case <-all.done():
			if r.View != nil {
				r.View.End()
			}
			return
		case now := <-ticker.C:
			if r.View != nil && now.After(begin) {
				r.View.Show(now.Sub(begin), now.Sub(last), all.live())
				last = now
			}
		}
	}
}

// moves begins the phases' migrations at their times; what it returns waits for
// them and says what became of them.
func (r *Run) moves(ctx context.Context, begin time.Time) func() []report.Event {
	var moving sync.WaitGroup
	var mu sync.Mutex
	var events []report.Event
	at := time.Duration(0)
	for _, p := range r.Scenario.Phases {
		if p.Migrate != nil {
			moving.Go(func() {
				e := r.move(ctx, begin.Add(at), begin, p.Migrate)
				mu.Lock()
				defer mu.Unlock()
				events = append(events, e)
			})
		}
		at += p.For
	}
	return func() []report.Event {
		moving.Wait()
		return events
	}
}

func (r *Run) move(ctx context.Context, at, begin time.Time, m *scenario.Migrate) report.Event {
	t := &r.Tenants[tenants.At(m.Tenant, len(r.Tenants))]
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done(): // the run was ended before: that is no failure of the migration's
		return report.Event{At: at.Sub(begin), OK: true, What: fmt.Sprintf("migration of %s to %s: not begun", t.Slug, m.To)}
	case <-timer.C:
	}
	begun := time.Now()
	what, err := r.Mover.Move(ctx, t.ID, m.To)
	e := report.Event{At: begun.Sub(begin), Took: time.Since(begun), OK: err == nil}
	if err != nil {
		what = err.Error()
	}
	e.What = fmt.Sprintf("migration of %s to %s: %s", t.Slug, m.To, what)
	return e
}
