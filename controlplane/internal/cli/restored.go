package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

const restoredHelp = `A cell whose database was restored from a backup refuses every tenant until its
fences agree with the directory. This makes them agree, by the tenants' epochs:
those that have left in the meantime depart, moves that the backup holds end
(migrations that are not committed are undone, rollbacks given up), and then the
cell serves. Tenants that the backup does not have are named, and stay lost;
'cellctl tenant restore' brings them from elsewhere.

A cell that has lost nothing is reconciled by itself, as after a failover. Doing
it again changes nothing. --dry-run shows what would be done. You are asked to
type the cell's name; --yes does without, for scripts.

Exit code 6 means that tenants are lost, or that something is contradictory.`

func (p *program) cellRestored() *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use: "restored CELL", Short: "Make a cell that was restored from a backup agree with the directory", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long:    restoredHelp,
		Example: "  cellctl cell restored cell-a --dry-run\n  cellctl cell restored cell-a",
		RunE:    run(func(cmd *cobra.Command, args []string) error { return p.reconcile(cmd.Context(), args[0], yes, dryRun) }),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would be done")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (p *program) reconcile(ctx context.Context, name string, yes, dryRun bool) error {
	if !yes && !dryRun {
		err := p.confirmBy(ctx, confirmation{
			action: "reconcile cell " + name, word: name, what: "cell's name",
			warning: fmt.Sprintf("This undoes every migration of cell %s that is not committed, and changes its fences to what the directory says.", oneLine(name)),
		})
		if err != nil {
			return err
		}
	}
	s, err := p.connect()
	if err != nil {
		return err
	}
	done, err := answer[api.Reconciliation](s.streams.ReconcileCell(ctx, name, &api.ReconcileCellParams{ValidateOnly: &dryRun}))
	if err != nil {
		return doing(err, "reconcile cell %s", name)
	}
	if err := p.showReconciliation(done); err != nil {
		return err
	}
	if len(done.Lost)+len(done.Disputed) > 0 {
		f := failed("cell %s: %s lost, %d disputed", name, plural(int64(len(done.Lost)), "tenant"), len(done.Disputed))
		f.exit = ExitMismatch
		return f.withHint("docs/runbooks/disasters/CellRestored.md says what to do about each")
	}
	if !dryRun {
		p.note("cell %s agrees with the directory and serves", name)
	}
	return nil
}

func (p *program) showReconciliation(r api.Reconciliation) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(r)
	}
	err := writeFields(p, []field{
		{label: "Cell", value: r.Cell},
		{label: "Served before", value: yesNo(r.Serving)},
		{label: "Timeline", value: strconv.FormatInt(r.Timeline, 10)},
		{label: "Fences", value: strconv.Itoa(r.Fences)},
		{label: "Depart", value: strconv.Itoa(r.Depart)},
		{label: "Open", value: strconv.Itoa(r.Open)},
		{label: "Close", value: strconv.Itoa(r.Close)},
		{label: "Remove", value: strconv.Itoa(r.Remove)},
		{label: "Moves ended", value: fmt.Sprintf("%d migrations, %d exports, %d imports", len(r.Ended.Migrations), r.Ended.Exports, r.Ended.Imports)},
	})
	if err != nil {
		return err
	}
	return p.showFindings(r.Lost, r.Disputed)
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

type finding struct {
	api.Finding
	kind string
}

func (p *program) showFindings(lost, disputed []api.Finding) error {
	var all []finding
	for _, f := range lost {
		all = append(all, finding{f, "lost"})
	}
	for _, f := range disputed {
		all = append(all, finding{f, "disputed"})
	}
	if len(all) == 0 {
		return nil
	}
	return writeTable(p, []column[finding]{
		{title: "FINDING", text: func(f finding) string { return f.kind }},
		{title: "TENANT", text: func(f finding) string { return f.TenantID.String() }},
		{title: "SLUG", text: func(f finding) string { return f.Slug }},
		{title: "WHAT", text: func(f finding) string { return f.What }},
	}, all)
}
