package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/loadtest/internal/conduct"
	"github.com/coditect/platform/loadtest/internal/generate"
	"github.com/coditect/platform/loadtest/internal/report"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/view"
)

// running is what 'run' was asked to do.
type running struct {
	scenario    string
	url, domain string
	tenants     string
	seed        uint64
	connections int
	engine      string
	processes   int
	far         bool
	out         string // base name of the reports
	quiet       bool
}

const runHelp = `Sends the load that the scenario describes, prints what came of it, and writes
NAME.json and NAME.html, a page that needs no network. Ctrl-C ends the run and writes the report of what was done.

A scenario without a target goes to the local platform, if there is one.`

func (p *program) runCommand() *cobra.Command {
	r := running{processes: 1}
	cmd := &cobra.Command{
		Use: "run SCENARIO", Short: "Send a scenario's load and judge it", Long: runHelp, Args: exactly(1),
		Example: `  loadtest run loadtest/scenarios/requests.yaml --out /tmp/requests
  loadtest run read.yaml --processes 4 --target http://127.0.0.1:8080`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.scenario = args[0]
			return p.run(cmd.Context(), &r, cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.url, "target", "", "base `URL`, instead of the scenario's")
	f.StringVar(&r.domain, "domain", "", "tenants answer at {slug}.`DOMAIN`, instead of the scenario's")
	f.StringVar(&r.tenants, "tenants", "", "tenants' `FILE`, instead of the scenario's")
	f.Uint64Var(&r.seed, "seed", 0, "instead of the scenario's")
	f.IntVar(&r.connections, "connections", 0, "instead of the scenario's")
	f.StringVar(&r.engine, "engine", "", "fasthttp or net/http, instead of the scenario's")
	f.IntVar(&r.processes, "processes", 1, "generators, each a process of its own if more than one")
	f.BoolVar(&r.far, "i-mean-it", false, "the target may be another machine")
	f.StringVar(&r.out, "out", "", "write `NAME`.json and NAME.html (the scenario's name)")
	f.BoolVar(&r.quiet, "quiet", false, "show nothing while it runs")
	return cmd
}

// override puts the flags that were given in place of the scenario's values.
func (r *running) override(cmd *cobra.Command) scenario.Override {
	given := cmd.Flags().Changed
	return func(o *scenario.Overridable) {
		for flag, put := range map[string]func(){
			"target":      func() { *o.URL = r.url },
			"domain":      func() { *o.Domain = r.domain },
			"tenants":     func() { *o.TenantsFile = r.tenants },
			"seed":        func() { *o.Seed = r.seed },
			"connections": func() { *o.Connections = r.connections },
			"engine":      func() { *o.Engine = r.engine },
		} {
			if given(flag) {
				put()
			}
		}
	}
}

func (p *program) run(ctx context.Context, r *running, cmd *cobra.Command) error {
	const most = 64
	if r.processes < 1 || r.processes > most {
		return misused(fmt.Errorf("--processes: use 1 to %d", most))
	}
	one, err := p.prepare(ctx, r, r.override(cmd))
	if err != nil {
		return err
	}
	d, err := one.Do(ctx)
	if err != nil {
		return err
	}
	if r.out == "" {
		r.out = d.Scenario.Name
	}
	if err := errors.Join(d.Print(p.opts.Stdout), d.Write(r.out+".json"), d.WritePage(r.out+".html")); err != nil {
		return err
	}
	return verdict(d)
}

// prepare reads and checks everything that a run needs.
func (p *program) prepare(ctx context.Context, r *running, overrides ...scenario.Override) (*conduct.Run, error) {
	state, err := p.local()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(r.scenario)
	if err != nil {
		return nil, misused(fmt.Errorf("scenario: %w", err))
	}
	s, err := scenario.Parse(r.scenario, text, append(overrides, inPlace(state))...)
	if err != nil {
		return nil, misused(err)
	}
	all, err := generate.LoadTenants(s)
	if err != nil {
		return nil, misused(err)
	}
	one := &conduct.Run{Scenario: s, Text: string(text), Tenants: all, Processes: r.processes, Program: p.opts.Program}
	for _, phase := range s.Phases {
		if phase.Migrate != nil {
			if one.Mover, err = p.operator(state, s.Target.ControlPlane); err != nil {
				return nil, err
			}
		}
	}
	if err := conduct.Preflight(ctx, s, all, r.far); err != nil {
		return nil, misused(err)
	}
	if !r.quiet {
		one.View = view.New(p.opts.Stderr, p.opts.StderrTerminal, s)
	}
	return one, nil
}

// verdict is the run's outcome as the process's.
func verdict(d *report.Document) error {
	if len(d.Invalid) > 0 {
		return &exit{code: ExitInvalid, err: errors.New("the run is invalid: " + d.Invalid[0])}
	}
	if !d.Passed() {
		return &exit{code: ExitThresholds, err: errors.New("a threshold was missed, or a migration failed")}
	}
	return nil
}

func (p *program) generateCommand() *cobra.Command {
	return &cobra.Command{
		Use: conduct.ChildCommand, Short: "A generator of 'run --processes', which tells it what to do", Hidden: true, Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return conduct.Serve(cmd.Context(), p.opts.Stdin, p.opts.Stdout)
		},
	}
}
