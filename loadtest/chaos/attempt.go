package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// outcome is what became of one case.
type outcome struct {
	hit       bool          // the stage was met: the fault struck in it
	converged time.Duration // from the mended fault to the tenant live in one cell, served, its migration at rest
	phase     string        // in which the migration came to rest
	failure   string        // why it was undone, if it was
	verdict   tenantclient.Verdict
	failed    int // requests that were not answered as asked, during the fault and after
	all       int
	err       error
}

func (o outcome) ok() bool {
	return o.err == nil && o.hit && o.verdict.Clean() && o.converged <= convergenceBar
}

func (o outcome) String() string {
	switch {
	case o.err != nil:
		return "FAILED: " + o.err.Error()
	case !o.hit:
		return "MISSED: the migration went past the stage unseen (" + o.phase + "): " + o.failure
	case !o.verdict.Clean():
		return "BROKEN: " + o.verdict.String()
	case o.converged > convergenceBar:
		return fmt.Sprintf("LATE: %s after %.1f s", o.phase, o.converged.Seconds())
	}
	return fmt.Sprintf("ok: %s after %.1f s, %d of %d requests failed, %d acknowledged", o.phase, o.converged.Seconds(), o.failed, o.all, o.verdict.Acknowledged)
}

const (
	convergenceBar = 30 * time.Second
	caseLimit      = 4 * time.Minute

	source, target = "cell-a", "cell-b"

	// pace makes every request to a cell take long enough for its stage to be
	// seen.
	pace = 100 * time.Millisecond

	// pauseBudget leaves time for that: freeze, drain, comparison and seal alone
	// take 800 ms of pace, and a cutover that takes longer than its budget is
	// given up, in the end with the migration.
	pauseBudget = 10 * time.Second
)

var load = tenantclient.Load{Registers: 4, Writes: 40, Reads: 80, Creates: 10, AtOnce: 6}

// attempt runs one case on a tenant of its own.
func attempt(ctx context.Context, f *fleet.Fleet, c testCase) (o outcome) {
	ctx, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	tenant, err := f.SignUp(ctx, source)
	if err != nil {
		return outcome{err: fmt.Errorf("sign-up: %w", err)}
	}
	defer tenant.Client.CloseIdleConnections()
	users, err := tenantclient.NewUsers(ctx, tenant, load)
	if err != nil {
		return outcome{err: err}
	}
	users.Start(ctx)
	stopped := false
	defer func() {
		if !stopped {
			users.Stop()
		}
	}()
	o, err = breakMove(ctx, f, c, tenant)
	users.Stop()
	stopped = true
	if err != nil {
		o.err = err
		return o
	}
	o.verdict, o.err = users.Judge(ctx)
	var examples []string
	o.failed, o.all, examples = users.Record.Failed()
	if !o.ok() {
		for _, example := range examples {
			_, _ = fmt.Fprintln(os.Stderr, "failed request:", example)
		}
	}
	return o
}

// breakMove moves the tenant, strikes in the stage, and waits for the end.
func breakMove(ctx context.Context, f *fleet.Fleet, c testCase, tenant *tenantclient.Tenant) (o outcome, err error) {
	for _, door := range []string{"cell-a-internal", "cell-b-internal"} {
		if err := f.Proxies[door].Slow(pace); err != nil {
			return o, err
		}
	}
	unpaced := false
	unpace := func() error {
		if unpaced {
			return nil
		}
		unpaced = true
		return errors.Join(f.Proxies["cell-a-internal"].Mend(ctx), f.Proxies["cell-b-internal"].Mend(ctx))
	}
	defer func() { err = errors.Join(err, unpace()) }()
	m, err := f.MigrateWithin(ctx, tenant.ID, target, windowOf(c.stage), pauseBudget)
	if err != nil {
		return o, err
	}
	if o.hit, err = reach(ctx, f, m.ID, tenant.ID, c.stage); err != nil {
		return o, err
	}
	if o.hit {
		if err := strike(ctx, f, c); err != nil {
			return o, err
		}
	}
	mended := time.Now()
	if err := unpace(); err != nil {
		return o, err
	}
	o.phase, err = rest(ctx, f, m.ID, tenant)
	o.converged = time.Since(mended)
	if !o.hit && err == nil {
		m, err = f.Migration(ctx, m.ID)
		o.failure = m.Failure
	}
	return o, err
}

// windowOf gives only those cases a rollback window that are about it.
func windowOf(stage string) time.Duration {
	if stage == "window" || stage == "return" {
		return time.Hour
	}
	return 0
}

// reach waits until the migration is in the stage, or beyond it.
func reach(ctx context.Context, f *fleet.Fleet, id, tenant, stage string) (hit bool, err error) {
	const every = 2 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	ordered := false
	for {
		m, err := f.Migration(ctx, id)
		if err != nil {
			return false, err
		}
		if stage == "return" && m.Phase == "settling" && !ordered {
			if err := f.Order(ctx, id, "rollback"); err != nil {
				return false, err
			}
			ordered = true
		}
		fence, err := f.Fence(ctx, source, tenant)
		if err != nil {
			return false, err
		}
		switch {
		case inStage(stage, m, fence):
			return true, nil
		case m.Over():
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("waiting for %s: %w; it is in %s/%s: %s", stage, ctx.Err(), m.Phase, m.Stage, m.Failure)
		case <-tick.C:
		}
	}
}

func inStage(stage string, m fleet.Migration, fence string) bool {
	switch stage {
	case "catch_up":
		return m.Stage == "catch_up" || m.Stage == "ready"
	case "frozen", "sealed":
		return fence == stage
	case "departed":
		return fence == stage && m.Phase == "committed"
	case "window":
		return m.Phase == "settling"
	case "return":
		return m.Phase == "returning"
	case "clean_up":
		return m.Phase == "cleaning"
	}
	return m.Stage == stage
}

// strike breaks the case's process for as long as its fault lasts.
func strike(ctx context.Context, f *fleet.Fleet, c testCase) error {
	how := faults[slices.IndexFunc(faults, func(f fault) bool { return f.name == c.fault })]
	if err := how.hit(ctx, f, c.process); err != nil {
		return fmt.Errorf("%s %s: %w", c.fault, c.process, err)
	}
	timer := time.NewTimer(how.last)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	if err := how.mend(context.WithoutCancel(ctx), f, c.process); err != nil {
		return fmt.Errorf("mend %s: %w", c.process, err)
	}
	return nil
}

// rest waits until the migration needs nothing more, the tenant is live in the
// cell that the directory names and in no other, and its users are served.
func rest(ctx context.Context, f *fleet.Fleet, id string, tenant *tenantclient.Tenant) (phase string, err error) {
	const every = 20 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	var why error
	for {
		phase, why = atRest(ctx, f, id, tenant)
		if why == nil {
			return phase, nil
		}
		select {
		case <-ctx.Done():
			return phase, fmt.Errorf("not at rest: %w", why)
		case <-tick.C:
		}
	}
}

func atRest(ctx context.Context, f *fleet.Fleet, id string, tenant *tenantclient.Tenant) (phase string, err error) {
	m, err := f.Migration(ctx, id)
	if err != nil {
		return "", err
	}
	if !m.Over() && m.Phase != "settling" {
		return m.Phase, fmt.Errorf("the migration is in %s/%s: %s", m.Phase, m.Stage, m.Failure)
	}
	live, err := f.Live(ctx, tenant.ID)
	if err != nil {
		return m.Phase, err
	}
	home, err := f.Home(ctx, tenant.ID)
	if err != nil {
		return m.Phase, err
	}
	if len(live) != 1 || live[0] != home {
		return m.Phase, fmt.Errorf("the tenant is live in %v, the directory says %s", live, home)
	}
	return m.Phase, tenant.Ping(ctx)
}
