package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

func (p *program) cellCordon() *cobra.Command {
	return &cobra.Command{
		Use: "cordon CELL", Short: "Place no new tenants in a cell", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long:    "From now on no new tenant is placed in the cell. The tenants it has are served as before.\nCordoning a cordoned cell changes nothing.",
		Example: "  cellctl cell cordon cell-a",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.moveCell(cmd.Context(), args[0], "cordon", directory.CellCordoned, directory.CellActive)
		}),
	}
}

func (p *program) cellUncordon() *cobra.Command {
	return &cobra.Command{
		Use: "uncordon CELL", Short: "Let a cordoned cell receive new tenants again", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long:    "Undoes 'cell cordon'. Uncordoning an active cell changes nothing.",
		Example: "  cellctl cell uncordon cell-a",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.moveCell(cmd.Context(), args[0], "uncordon", directory.CellActive, directory.CellCordoned)
		}),
	}
}

// moveCell changes a cell's state from one of some to another, and from no
// other: a cordon must not end a drain that someone else began.
func (p *program) moveCell(ctx context.Context, name, verb string, to directory.CellState, from ...directory.CellState) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	c, err := s.cell(ctx, name)
	if err != nil {
		return doing(err, "%s cell %s", verb, name)
	}
	if c.State == to {
		return p.done(c, "cell %s is %s already", name, to)
	}
	if !slices.Contains(from, c.State) {
		f := failed("%s cell %s: it is %s, not %s", verb, name, c.State, either(from)).withHint("'cellctl cell show %s' shows its state", name)
		f.exit = ExitConflict
		return f
	}
	c, err = answer[api.Cell](s.SetCellState(ctx, name, api.CellStateChange{State: to, Expected: &c.State}))
	if err != nil {
		return doing(err, "%s cell %s", verb, name)
	}
	return p.done(c, "cell %s is %s", name, c.State)
}

func either(states []directory.CellState) string {
	words := make([]string, len(states))
	for i, state := range states {
		words[i] = string(state)
	}
	return strings.Join(words, " or ")
}
