package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/internal/cellfiles"
)

func (p *program) cellOverlay() *cobra.Command {
	var dir, overlays string
	cmd := &cobra.Command{
		Use: "overlay CELL", Short: "Write the Kubernetes directory of a cell again", Args: named("CELL"),
		Long: `Makes deploy/kubernetes/cells/CELL from the cell's cell.yaml and the fleet's fleet.yaml,
after one of them was edited. The digests of images stay. It asks no server.`,
		Example: "  cellctl cell overlay cell-a", ValidArgsFunction: cobra.NoFileCompletions,
		RunE: run(func(_ *cobra.Command, args []string) error {
			if dir == "" {
				dir = p.cellsDir()
			}
			if overlays == "" {
				overlays = overlaysBeside(dir)
			}
			made, err := cellfiles.RewriteOverlay(dir, overlays, args[0])
			if err != nil {
				return scaffoldFailure(err)
			}
			_, err = fmt.Fprintf(p.opts.Stdout, "wrote %s\n", made.Dir)
			return err
		}),
	}
	cmd.Flags().StringVar(&dir, "dir", "", "where the cells are (default: terraform/cells, here or in a directory above)")
	cmd.Flags().StringVar(&overlays, "overlays", "", "where their overlays are (default: deploy/kubernetes/cells beside terraform)")
	return cmd
}
