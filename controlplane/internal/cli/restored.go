package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

func (p *program) cellRestored() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "restored CELL", Short: "End what a cell that was restored from a backup believes to be under way", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Long: `A backup holds moves as they were when it was made; the log that they read is gone.
Migrations of the cell that are not committed are undone, rollbacks given up, and
the cell forgets the exports and imports that the backup had open. What is
committed goes on.

You are asked to type the cell's name; --yes does without, for scripts.`,
		Example: "  cellctl cell restored cell-a",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if !yes {
				err := p.confirmBy(cmd.Context(), confirmation{
					action: "end the moves of cell " + args[0], word: args[0], what: "cell's name",
					warning: fmt.Sprintf("This undoes every migration of cell %s that is not committed.", oneLine(args[0])),
				})
				if err != nil {
					return err
				}
			}
			s, err := p.connect()
			if err != nil {
				return err
			}
			ended, err := answer[api.EndedMoves](s.EndMovesOfRestoredCell(cmd.Context(), args[0]))
			if err != nil {
				return doing(err, "end the moves of cell %s", args[0])
			}
			return p.done(ended, "%s undone or given up; cell %s has ended %s and %s", plural(int64(len(ended.Migrations)), "migration"), args[0],
				plural(int64(ended.Exports), "export"), plural(int64(ended.Imports), "import"))
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
