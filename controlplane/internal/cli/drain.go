package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/shared/directory"
)

func (p *program) cellDrain() *cobra.Command {
	return &cobra.Command{
		Use: "drain CELL", Short: "Mark a cell as one that its tenants are to leave", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long: `From now on no new tenant is placed in the cell, and it is known to be on its way
out. The tenants it has are served as before until they are moved or deleted; an
empty cell can be retired. Draining a draining cell changes nothing.`,
		Example: "  cellctl cell drain cell-a\n  cellctl tenant ls --cell cell-a      # who is still there",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.moveCell(cmd.Context(), args[0], "drain", directory.CellDraining, directory.CellActive, directory.CellCordoned)
		}),
	}
}

func (p *program) cellUndrain() *cobra.Command {
	return &cobra.Command{
		Use: "undrain CELL", Short: "Let a draining cell receive new tenants again", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long:    "Undoes 'cell drain': the cell is active. Undraining an active cell changes nothing.",
		Example: "  cellctl cell undrain cell-a",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.moveCell(cmd.Context(), args[0], "undrain", directory.CellActive, directory.CellDraining)
		}),
	}
}

func (p *program) cellRetire() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "retire CELL", Short: "Take an empty cell out of service for ever", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long: `The cell must be cordoned, draining or never have been active, and hold no tenant.
Nothing brings it back, and its name is used up.

You are asked to type the cell's name; --yes does without, for scripts.`,
		Example: "  cellctl cell drain cell-a\n  cellctl cell retire cell-a",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.retireCell(cmd.Context(), args[0], yes)
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (p *program) retireCell(ctx context.Context, name string, yes bool) error {
	if !yes {
		err := p.confirmBy(ctx, confirmation{
			action: "retire cell " + name, word: name, what: "cell's name",
			warning: fmt.Sprintf("This takes cell %s out of service for ever.", oneLine(name)),
		})
		if err != nil {
			return err
		}
	}
	return p.moveCell(ctx, name, "retire", directory.CellRetired, directory.CellCordoned, directory.CellDraining, directory.CellProvisioning)
}
