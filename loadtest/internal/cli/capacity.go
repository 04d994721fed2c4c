package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/capacity"
	"github.com/coditect/platform/loadtest/internal/conduct"
	"github.com/coditect/platform/loadtest/internal/resources"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// sizing is what 'capacity' was asked to do.
type sizing struct {
	running
	cell        string
	start, most float64
	resolution  float64
	step, soak  time.Duration
	p99, tenant time.Duration
	errors      float64 // percent
	queueAge    time.Duration
	corePrice   float64
	publish     bool
	out         string
}

const capacityHelp = `Finds the highest rate that a cell of the local platform meets every objective at: doubles
the rate until one is missed, halves the interval, confirms by a soak at 90 % of the result.
Then users without pause, from 1 to 64, show how throughput grows, for a fit of the
Universal Scalability Law. The scenario gives the mix and the tenants; its phases and
thresholds are not used.`

func (p *program) capacityCommand() *cobra.Command {
	s := sizing{running: running{processes: 1, quiet: true}}
	cmd := &cobra.Command{
		Use: "capacity SCENARIO --cell C", Short: "Find what a cell can carry", Long: capacityHelp, Args: exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.scenario = args[0]
			return p.capacity(cmd.Context(), &s, cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.cell, "cell", "", "the cell")
	f.StringVar(&s.tenants, "tenants", "", "tenants' `FILE`, instead of the scenario's")
	f.IntVar(&s.connections, "connections", 0, "instead of the scenario's")
	f.Uint64Var(&s.seed, "seed", 0, "instead of the scenario's")
	f.Float64Var(&s.start, "start", 50, "the first rate, a second")
	f.Float64Var(&s.most, "most", 100_000, "no rate above it is tried")
	f.Float64Var(&s.resolution, "resolution", 0.05, "the share of the rate within which the result lies")
	f.DurationVar(&s.step, "step", 10*time.Second, "how long a rate is tried")
	f.DurationVar(&s.soak, "soak", time.Minute, "how long the result is confirmed")
	f.DurationVar(&s.p99, "p99", 100*time.Millisecond, "objective: of all requests")
	f.DurationVar(&s.tenant, "tenant-p99", 200*time.Millisecond, "objective: of each of the tenants preferred most")
	f.Float64Var(&s.errors, "errors", 0.1, "objective: percent")
	f.DurationVar(&s.queueAge, "queue-age", 5*time.Second, "objective: how long a job that is due waits")
	f.Float64Var(&s.corePrice, "core-price", 0, "what a processor costs for an hour, to tell the cost of 1,000 requests")
	f.BoolVar(&s.publish, "publish", false, "make the result the cell's capacity in the control plane, for placement")
	f.StringVar(&s.out, "out", "", "write the result to this `FILE`, as JSON")
	return cmd
}

// bench is one capacity run under way.
type bench struct {
	*sizing
	base    *conduct.Run // of the scenario, with the cell's tenants
	watcher *resources.Watcher
	last    *resources.Reading // of the last trial
}

func (p *program) capacity(ctx context.Context, s *sizing, cmd *cobra.Command) error {
	state, err := p.local()
	if err != nil {
		return err
	}
	if state == nil {
		return misused(errors.New("capacity: there is no local platform at " + p.platform + "; 'make up' starts one"))
	}
	at, known := state.Endpoints.Cells[s.cell]
	if !known {
		return misused(fmt.Errorf("capacity: there is no cell %q; there are %s (--cell)", s.cell, strings.Join(slices.Sorted(maps.Keys(state.Endpoints.Cells)), ", ")))
	}
	if s.publish {
		if _, err := p.operator(state, ""); err != nil {
			return err // before the hour, not after it
		}
	}
	base, err := p.prepare(ctx, &s.running, s.override(cmd))
	if err != nil {
		return err
	}
	base.Tenants = slices.DeleteFunc(base.Tenants, func(t tenants.Tenant) bool { return t.Cell != s.cell })
	if len(base.Tenants) == 0 {
		return misused(fmt.Errorf("capacity: no tenant of the scenario lives in %s", s.cell))
	}
	database, err := pgxpool.New(ctx, at.SuperDatabaseURL)
	if err != nil {
		return fmt.Errorf("capacity: %w", err)
	}
	defer database.Close()
	b := &bench{sizing: s, base: base, watcher: &resources.Watcher{Parts: parts(state), Database: database}}
	result, err := b.measure(ctx, p)
	if err != nil {
		return err
	}
	if s.out != "" {
		err = result.write(s.out)
	}
	err = errors.Join(result.print(p.opts.Stdout), err)
	if s.publish {
		err = errors.Join(err, p.publish(ctx, state, result))
	}
	return err
}

// publish tells the control plane the limit that was found.
func (p *program) publish(ctx context.Context, state *local.State, result *sized) error {
	operator, err := p.operator(state, "")
	if err != nil {
		return err
	}
	if err := operator.SetCapacity(ctx, result.Cell, result.Rate); err != nil {
		return fmt.Errorf("capacity: publish: %w", err)
	}
	fmt.Fprintf(p.opts.Stdout, "\nPublished: %s carries %.0f requests/s. 'cellctl cell ls -o wide' shows it.\n", result.Cell, result.Rate)
	return nil
}

// parts are the platform's, by name.
func parts(state *local.State) (all []resources.Part) {
	for _, name := range slices.Sorted(maps.Keys(state.Parts)) {
		all = append(all, resources.Part{Name: name, PID: state.Parts[name].PID})
	}
	return all
}

func (b *bench) measure(ctx context.Context, p *program) (*sized, error) {
	search := &capacity.Search{
		Start: b.start, Most: b.most, Resolution: b.resolution, Try: b.try,
		Objectives: capacity.Objectives{
			P99: float64(b.p99.Milliseconds()), TenantP99: float64(b.tenant.Milliseconds()), Errors: b.errors / 100, QueueAge: b.queueAge.Seconds(),
		},
		Said: func(t capacity.Trial) { fmt.Fprintln(p.opts.Stderr, trialLine(&t)) },
	}
	found, err := search.Run(ctx)
	if err != nil {
		return nil, err
	}
	r := &sized{Cell: b.cell, P99: b.p99, Rate: found.Rate, Soak: found.Soak, Limit: found.Limit, Open: found.Open, Trials: found.Trials, Soaked: b.last, CorePrice: b.corePrice}
	// What runs out first shows beyond the limit, not below it.
	if _, err := b.try(ctx, found.Rate*beyondLimit, false); err != nil {
		return nil, err
	}
	r.Beyond = b.last
	for _, users := range crowd {
		point, err := b.crowd(ctx, users)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(p.opts.Stderr, "%3.0f users: %.0f/s\n", point.Users, point.Rate)
		r.Points = append(r.Points, point)
	}
	if r.Law, err = capacity.FitLaw(r.Points); err != nil {
		return nil, err
	}
	return r, nil
}

const beyondLimit = 1.2

// crowd is how many users at once the law is fitted to.
var crowd = []float64{1, 2, 4, 8, 16, 32, 64}

// warmUp comes before every trial and is not counted.
const warmUp = 2 * time.Second

// try sends a rate for a while.
func (b *bench) try(ctx context.Context, rate float64, soak bool) (capacity.Trial, error) {
	lasts := b.step
	if soak {
		lasts = b.soak
	}
	run := *b.base
	s := *run.Scenario
	run.Scenario = &s
	s.Load.Closed, s.Thresholds = false, nil
	s.Phases = []scenario.Phase{{Name: "warm", For: warmUp, From: rate, To: rate, WarmUp: true}, {Name: "rate", For: lasts, From: rate, To: rate}}
	if err := b.watcher.Start(ctx); err != nil {
		return capacity.Trial{}, err
	}
	d, err := run.Do(ctx)
	reading, watching := b.watcher.Stop()
	if err := errors.Join(err, watching); err != nil {
		return capacity.Trial{}, err
	}
	b.last = reading
	t := capacity.Trial{
		Got: d.Summary.PerSecond, P99: d.Summary.Response.P99, Tenant: d.WorstTenant(), QueueAge: reading.QueueAge,
		Errors: float64(d.Summary.Errors) / float64(max(1, d.Summary.Requests)),
	}
	if len(d.Invalid) > 0 {
		t.Missed = "invalid: " + d.Invalid[0]
	}
	return t, nil
}

// crowd lets users send without pause.
func (b *bench) crowd(ctx context.Context, users float64) (capacity.Point, error) {
	run := *b.base
	s := *run.Scenario
	run.Scenario = &s
	s.Load.Closed, s.Load.Poisson, s.Load.Think, s.Thresholds = true, false, 0, nil
	s.Phases = []scenario.Phase{{Name: "warm", For: warmUp, From: users, To: users, WarmUp: true}, {Name: "users", For: b.step, From: users, To: users}}
	d, err := run.Do(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return capacity.Point{}, err
	}
	return capacity.Point{Users: users, Rate: d.Summary.PerSecond}, nil
}
