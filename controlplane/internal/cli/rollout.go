package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/rollout"
	"github.com/coditect/platform/shared/directory"
)

const rolloutHelp = `Brings a version to cells in waves, a canary first. Each wave is watched for a while:
if an objective of deploy/alerts/slo.yaml burns its budget too fast, or a cell's API
is not seen, every cell gets back what it had.

A program of yours gives cells their versions (deploy/kubernetes/apply is one):

  PROGRAM version CELL          prints the version that the cell runs
  PROGRAM apply CELL VERSION    makes the cell run it, and ends once it does

What was done is kept in a file. A rollout that was interrupted is resumed from it,
and goes on where it was.`

const rolloutExamples = `  cellctl rollout start sha256:4f… --program deploy/kubernetes/apply --prometheus http://localhost:9090 --dry-run
  cellctl rollout start sha256:4f… --program deploy/kubernetes/apply --prometheus http://localhost:9090 --canary cell-a --waves 1,10%,50%,100%
  cellctl rollout resume
  cellctl rollout abort`

func (p *program) rolloutCommand() *cobra.Command {
	cmd := group("rollout", "Bring a version to the cells, a few at a time", rolloutHelp, rolloutExamples)
	cmd.AddCommand(p.rolloutStart(), p.rolloutResume(), p.rolloutStatus(), p.rolloutAbort())
	return cmd
}

// rolloutFlags is what 'rollout start' was asked to do.
type rolloutFlags struct {
	terms  rollout.Terms
	cells  []string
	canary string
	waves  []string
	file   string
	dryRun bool
	yes    bool
}

func (p *program) rolloutStart() *cobra.Command {
	r := rolloutFlags{
		terms: rollout.Terms{Bake: 30 * time.Minute, CheckEvery: 30 * time.Second, MaxBurn: 6, Patience: 10 * time.Minute},
		waves: []string{"1", "10%", "50%", "100%"},
	}
	cmd := &cobra.Command{
		Use: "start VERSION", Short: "Show the plan, ask, and roll out", Long: rolloutHelp, Example: rolloutExamples,
		Args: named("VERSION"), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: run(func(cmd *cobra.Command, args []string) error { return p.startRollout(cmd.Context(), args[0], r) }),
	}
	f := cmd.Flags()
	f.StringVar(&r.terms.Program, "program", "", "gives cells their versions")
	f.StringVar(&r.terms.Prometheus, "prometheus", "", "base `URL` of the Prometheus that has the cells' metrics")
	f.StringSliceVar(&r.cells, "cells", nil, "only these cells (default: all that are not retired)")
	f.StringVar(&r.canary, "canary", "", "the `CELL` that is first (default: the one with the fewest tenants)")
	f.StringSliceVar(&r.waves, "waves", r.waves, "how many cells have the version after each wave: a number, or a part of all")
	f.DurationVar(&r.terms.Bake, "bake", r.terms.Bake, "how long each wave is watched")
	f.DurationVar(&r.terms.CheckEvery, "check-every", r.terms.CheckEvery, "how often")
	f.Float64Var(&r.terms.MaxBurn, "max-burn", r.terms.MaxBurn, "how many times too fast an objective may burn its budget of 30 days")
	f.DurationVar(&r.terms.Patience, "patience", r.terms.Patience, "how long Prometheus may be away before everything is taken back")
	rolloutFile(cmd, &r.file)
	f.BoolVar(&r.dryRun, "dry-run", false, "show the plan only")
	f.BoolVar(&r.yes, "yes", false, "do not ask")
	for _, required := range []string{"program", "prometheus"} {
		_ = cmd.MarkFlagRequired(required) // fails only for a flag that is not there
	}
	p.complete(cmd, "canary", p.cellNames)
	p.complete(cmd, "cells", p.cellNames)
	return cmd
}

func rolloutFile(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "file", "rollout.json", "where the rollout's state is kept")
}

func (p *program) startRollout(ctx context.Context, version string, r rolloutFlags) error {
	if r.terms.Bake < 0 || r.terms.CheckEvery <= 0 || r.terms.MaxBurn <= 0 || r.terms.Patience <= 0 {
		return misused("--bake, --check-every, --max-burn and --patience must be above zero")
	}
	candidates, err := p.rolloutCandidates(ctx, r)
	if err != nil {
		return err
	}
	waves, err := rollout.Plan(version, r.canary, r.waves, candidates)
	if err != nil {
		return rolloutFailure(err)
	}
	s := rollout.State{Version: version, Terms: r.terms, Phase: rollout.Applying, Waves: waves, Started: p.opts.Now().UTC()}
	if r.dryRun || !r.yes {
		if err := p.showRollout(s); err != nil || r.dryRun {
			return err
		}
		err := p.confirmBy(ctx, confirmation{
			action: "roll out " + version, word: version, what: "version",
			warning: fmt.Sprintf("This changes %s in %s, and watches each for %s.", plural(int64(countCells(waves)), "cell"), plural(int64(len(waves)), "wave"), r.terms.Bake),
		})
		if err != nil {
			return err
		}
	}
	if err := calm(ctx, s); err != nil {
		return err
	}
	file, err := rollout.Create(r.file, s)
	if err != nil {
		return rolloutFailure(err)
	}
	return p.runRollout(ctx, r.file, file, s)
}

// rolloutCandidates asks the control plane which cells there are, and the program
// which version each has.
func (p *program) rolloutCandidates(ctx context.Context, r rolloutFlags) ([]rollout.Candidate, error) {
	s, err := p.connect()
	if err != nil {
		return nil, err
	}
	var found []rollout.Candidate
	_, err = each(0, func(cursor string, size int) ([]api.Cell, string, error) {
		page, err := answer[api.CellPage](s.ListCells(ctx, &api.ListCellsParams{Cursor: optional(cursor), Limit: &size}))
		return page.Cells, deref(page.NextCursor), err
	}, func(c api.Cell) error {
		if c.State != directory.CellRetired && (len(r.cells) == 0 || slices.Contains(r.cells, c.ID)) {
			found = append(found, rollout.Candidate{ID: c.ID, Tenants: c.AssignedTenants})
		}
		return nil
	})
	if err != nil {
		return nil, doing(err, "list cells")
	}
	for _, id := range r.cells {
		if !slices.ContainsFunc(found, func(c rollout.Candidate) bool { return c.ID == id }) {
			return nil, failed("there is no cell %s that could get a version", oneLine(id)).withHint("'cellctl cell ls' lists cells")
		}
	}
	program := rollout.Program{Path: r.terms.Program}
	for i := range found {
		if found[i].From, err = program.Version(ctx, found[i].ID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// calm refuses to begin where something burns already: nothing could be told from it.
func calm(ctx context.Context, s rollout.State) error {
	gate := gateOf(s.Terms)
	for _, wave := range s.Waves {
		for _, c := range wave {
			breach, err := gate.Check(ctx, c.ID)
			if err != nil {
				return failed("look at %s before it is changed: %s", c.ID, err).withHint("nothing was changed; is --prometheus right?")
			}
			if breach != "" {
				f := failed("not begun: %s", breach).withHint("nothing was changed; mend that first, or leave the cell out with --cells")
				f.exit = ExitConflict
				return f
			}
		}
	}
	return nil
}

func gateOf(t rollout.Terms) rollout.Prometheus {
	return rollout.Prometheus{URL: t.Prometheus, MaxBurn: t.MaxBurn, Client: http.DefaultClient}
}

// runRollout goes on with a rollout until it is over, and says how it ended.
func (p *program) runRollout(ctx context.Context, path string, file *rollout.File, s rollout.State) error {
	defer func() { _ = file.Close() }() // a lock
	runner := rollout.Runner{
		Applier: rollout.Program{Path: s.Terms.Program, Out: p.opts.Stderr}, Gate: gateOf(s.Terms), Store: file,
		Tell: func(format string, args ...any) { p.note("%s", oneLine(fmt.Sprintf(format, args...))) },
	}
	if err := runner.Run(ctx, &s); err != nil {
		f := *asFailure(err)
		f.what = "roll out " + s.Version + ": " + f.what
		return f.withHint("nothing is lost: cellctl rollout resume --file %s, or abort", path)
	}
	if s.Phase == rollout.Reverted {
		f := failed("%s was taken back: %s", s.Version, s.Breach)
		f.exit = ExitUndone
		return f.withHint("every cell runs what it had; the record is %s", path)
	}
	return p.done(s, "%s runs in %s", s.Version, plural(int64(countCells(s.Waves)), "cell"))
}

func countCells(waves [][]rollout.Cell) (n int) {
	for _, wave := range waves {
		n += len(wave)
	}
	return n
}

func (p *program) rolloutResume() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "resume", Short: "Go on with a rollout that was interrupted", Args: named(), Example: "  cellctl rollout resume --file rollout.json",
		Long: "Goes on where the rollout was: a cell that was being changed is changed again, and a wave is watched for what is left of its time.",
		RunE: run(func(cmd *cobra.Command, _ []string) error { return p.reopenRollout(cmd.Context(), path, "") }),
	}
	rolloutFile(cmd, &path)
	return cmd
}

func (p *program) rolloutAbort() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "abort", Short: "Take a rollout back from every cell", Args: named(), Example: "  cellctl rollout abort --file rollout.json",
		Long: "Gives every cell that the rollout has changed the version that it had. A rollout that is done is taken back likewise. What runs it elsewhere must have been stopped first.",
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			return p.reopenRollout(cmd.Context(), path, "an operator aborted it")
		}),
	}
	rolloutFile(cmd, &path)
	return cmd
}

// reopenRollout goes on with a rollout, or takes it back if abort says why.
func (p *program) reopenRollout(ctx context.Context, path, abort string) error {
	file, s, err := rollout.Open(path)
	if err != nil {
		return rolloutFailure(err)
	}
	if abort != "" && s.Phase != rollout.Reverted {
		s.Abort(abort)
	}
	return p.runRollout(ctx, path, file, s)
}
