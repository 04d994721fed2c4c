package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show which cellctl this is", Args: named(),
		RunE: run(func(*cobra.Command, []string) error {
			v := p.opts.Version
			if p.flags.output.forPrograms() {
				return p.writeDocument(v)
			}
			_, err := fmt.Fprintf(p.opts.Stdout, "cellctl %s (commit %s, %s)\n", v.Version, orDash(v.Commit), v.Go)
			return err
		}),
	}
}
