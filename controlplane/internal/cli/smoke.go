package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

const smokeHelp = `Tries a cell out with a tenant that is made, opened, looked at and removed again,
through the cell's internal door as a sign-up goes. The tenant is in no directory,
and nobody can log in to it.

If all of it works and the cell is cordoned, it is uncordoned: new tenants may be
placed there. --keep-cordoned leaves that to you. If something fails, the cell
stays as it was and the exit code is 6.`

func (p *program) cellSmoke() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use: "smoke CELL", Short: "Try a new cell out, and let it receive tenants if it works", Long: smokeHelp,
		Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Example: "  cellctl cell smoke cell-c\n  cellctl cell smoke cell-c --keep-cordoned -o json",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.smoke(cmd.Context(), args[0], keep)
		}),
	}
	cmd.Flags().BoolVar(&keep, "keep-cordoned", false, "try it out, and do not uncordon it")
	return cmd
}

func (p *program) smoke(ctx context.Context, name string, keep bool) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	before, err := s.cell(ctx, name)
	if err != nil {
		return doing(err, "smoke-test cell %s", name)
	}
	t, err := answer[api.SmokeTest](s.SmokeTestCell(ctx, name))
	if err != nil {
		return doing(err, "smoke-test cell %s", name)
	}
	if err := p.showSmoke(t); err != nil {
		return err
	}
	switch {
	case !t.Passed:
		f := failed("cell %s failed its smoke test and stays %s", name, before.State).withHint("its logs say more; repair it and repeat 'cellctl cell smoke %s'", name)
		f.exit = ExitMismatch
		return f
	case keep || before.State != directory.CellCordoned:
		p.note("cell %s passed and stays %s", name, before.State)
		return nil
	}
	after, err := answer[api.Cell](s.SetCellState(ctx, name, api.CellStateChange{State: directory.CellActive, Expected: &before.State}))
	if err != nil {
		err = hinting(err, fault.Stale, "somebody else changed it meanwhile; 'cellctl cell show %s' shows its state", name)
		return doing(err, "uncordon cell %s", name)
	}
	p.note("cell %s passed and is %s", name, after.State)
	return nil
}

func (p *program) showSmoke(t api.SmokeTest) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(t)
	}
	return writeTable(p, []column[api.SmokeCheck]{
		{title: "CHECK", text: func(c api.SmokeCheck) string { return string(c.Name) }},
		{title: "RESULT", text: func(c api.SmokeCheck) string { return passedWord(c.Passed) }, color: func(c api.SmokeCheck) color { return cellColor(directory.CellActive, c.Passed) }},
		{title: "MS", text: func(c api.SmokeCheck) string { return strconv.FormatInt(c.Ms, 10) }},
		{title: "DETAIL", text: func(c api.SmokeCheck) string { return c.Detail }},
	}, t.Checks)
}

func passedWord(passed bool) string {
	if passed {
		return "ok"
	}
	return "failed"
}
