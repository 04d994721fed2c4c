package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

// batching is what 'drain' or 'rebalance' was asked to do.
type batching struct {
	terms    termFlags
	maxMoves int
	dryRun   bool
	yes      bool
	waiting  waiting
	verb     string // for messages
	word     string // to type
	what     string // what the word is
	send     func(context.Context, *session, api.BatchRequest) (*http.Response, error)
}

func (b *batching) flags(p *program, cmd *cobra.Command) {
	b.terms.flags(cmd, p.opts.Now, 0)
	cmd.Flags().IntVar(&b.maxMoves, "max-moves", 1000, "the most moves to plan, up to 1000")
	cmd.Flags().BoolVar(&b.dryRun, "dry-run", false, "show the plan only")
	cmd.Flags().BoolVar(&b.yes, "yes", false, "do not ask")
	b.waiting.flags(cmd, false, 24*time.Hour, "every planned move is over")
}

func (p *program) drainCommand() *cobra.Command {
	var b batching
	cmd := &cobra.Command{
		Use: "drain CELL", Short: "Move a cell's tenants to other cells", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long: `Shows first who would go where, then asks. Placement chooses each target, within
the tenant's region and tier. The cell becomes draining: nobody new comes. So
many moves run at once as --moves-at-once says; the others wait for their turns.

A move of a drain keeps no way back unless --rollback-window is given: each one
costs the target a replication slot for as long.`,
		Example: "  cellctl drain cell-a --dry-run\n  cellctl drain cell-a --moves-at-once 3 --wait",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			b.verb, b.word, b.what = "drain cell "+args[0], args[0], "cell's name"
			b.send = func(ctx context.Context, s *session, r api.BatchRequest) (*http.Response, error) {
				return s.DrainCell(ctx, args[0], r)
			}
			return p.moveMany(cmd.Context(), b)
		}),
	}
	b.flags(p, cmd)
	return cmd
}

func (p *program) rebalanceCommand() *cobra.Command {
	var b batching
	var cell string
	cmd := &cobra.Command{
		Use: "rebalance", Short: "Move tenants from the fullest cells to the emptiest", Args: named(),
		Long: `Shows first who would go where, then asks. Tenants stay in their region and tier;
moves are planned until the cells' shares of used places are close.`,
		Example: "  cellctl rebalance --dry-run\n  cellctl rebalance --max-moves 50 --yes",
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			b.verb, b.word, b.what = "rebalance", "rebalance", "word rebalance"
			b.send = func(ctx context.Context, s *session, r api.BatchRequest) (*http.Response, error) {
				r.Cell = optional(cell)
				return s.Rebalance(ctx, r)
			}
			return p.moveMany(cmd.Context(), b)
		}),
	}
	cmd.Flags().StringVar(&cell, "from", "", "relieve only this `CELL`")
	b.flags(p, cmd)
	p.complete(cmd, "from", p.cellNames)
	return cmd
}

// moveMany plans, shows, asks and begins.
func (p *program) moveMany(ctx context.Context, b batching) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	request := api.BatchRequest{MaxMoves: &b.maxMoves, Terms: b.terms.terms(), ValidateOnly: new(bool)}
	*request.ValidateOnly = true
	plan, err := answer[api.BatchPlan](b.send(ctx, s, request))
	if err != nil {
		return doing(err, "%s", b.verb)
	}
	if b.dryRun {
		return p.showBatchPlan(plan)
	}
	if !b.yes {
		if err := p.showBatchPlan(plan); err != nil {
			return err
		}
		err := p.confirmBy(ctx, confirmation{
			action: b.verb, word: b.word, what: b.what, warning: fmt.Sprintf("This begins %s at %s.", plural(int64(len(plan.Moves)), "move"), s.target.Server),
		})
		if err != nil {
			return err
		}
	}
	request.ValidateOnly = nil
	if plan, err = answer[api.BatchPlan](b.send(ctx, s, request)); err != nil {
		return doing(err, "%s", b.verb)
	}
	if b.waiting.wait && plan.Batch != nil {
		return p.awaitBatch(ctx, s, plan, b)
	}
	return p.done(plan, "%s begun, %s cannot move: cellctl migration ls --batch %s", plural(int64(len(plan.Moves)), "move"),
		plural(int64(len(plan.Obstacles)), "tenant"), plan.Batch)
}

func (p *program) showBatchPlan(plan api.BatchPlan) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(plan)
	}
	columns := []column[api.PlannedMove]{
		{title: "TENANT", text: func(m api.PlannedMove) string { return m.Slug }},
		{title: "FROM", text: func(m api.PlannedMove) string { return m.Source }},
		{title: "TO", text: func(m api.PlannedMove) string { return m.Target }},
		{title: "REASON", wide: true, text: func(m api.PlannedMove) string { return m.Reason }},
	}
	if err := writeTable(p, columns, plan.Moves); err != nil {
		return err
	}
	for _, o := range plan.Obstacles {
		p.note("%s stays: %s", oneLine(o.Slug), oneLine(o.Why))
	}
	if plan.More {
		p.note("there are more tenants than this plan takes; repeat it afterwards")
	}
	return nil
}

// awaitBatch waits until every move of the plan is over.
func (p *program) awaitBatch(ctx context.Context, s *session, plan api.BatchPlan, b batching) error {
	phases := map[controlplane.MigrationPhase]int{}
	told := ""
	err := p.until(ctx, b.waiting, "wait until every move is over", func(ctx context.Context) (bool, error) {
		clear(phases)
		open := 0
		params := &api.ListMigrationsParams{Batch: plan.Batch}
		_, err := each(0, func(cursor string, size int) ([]api.Migration, string, error) {
			params.Cursor, params.Limit = optional(cursor), &size
			page, err := answer[api.MigrationPage](s.ListMigrations(ctx, params))
			return page.Migrations, deref(page.NextCursor), err
		}, func(m api.Migration) error {
			phases[m.Phase]++
			if !m.Phase.Over() {
				open++
			}
			return nil
		})
		if line := fmt.Sprintf("%d of %d moves are over", len(plan.Moves)-open, len(plan.Moves)); err == nil && line != told {
			told = line
			p.note("%s", line)
		}
		return err == nil && open == 0, err
	})
	if err != nil {
		f := *asFailure(err)
		return f.withHint("the moves go on: cellctl migration ls --batch %s", plan.Batch)
	}
	if undone := phases[controlplane.MigrationAborted] + phases[controlplane.MigrationRolledBack]; undone > 0 {
		f := failed("%s: %d of %d moves were undone", b.verb, undone, len(plan.Moves))
		f.exit = ExitUndone
		return f.withHint("see why: cellctl migration ls --batch %s --phase aborted -o wide", plan.Batch)
	}
	return p.done(plan, "%s: %s done, %s cannot move", b.verb, plural(int64(len(plan.Moves)), "move"), plural(int64(len(plan.Obstacles)), "tenant"))
}
