package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

func (p *program) cellCapacity() *cobra.Command {
	var forget bool
	cmd := &cobra.Command{
		Use: "capacity CELL [REQUESTS-PER-SECOND]", Short: "Set what a cell was measured to carry", ValidArgsFunction: firstOnly(p.cellNames),
		Long: `Notes the highest rate that a load test found the cell to answer well. From then on
its headroom counts the requests that it answers, too, and a cell at its limit gets
no new tenants. 'loadtest capacity --publish' measures the rate and does this.`,
		Example: "  cellctl cell capacity cell-a 4180\n  cellctl cell capacity cell-a --forget",
		Args: func(_ *cobra.Command, args []string) error {
			const both = 2
			switch {
			case forget && len(args) != 1:
				return misused("give CELL only with --forget")
			case !forget && len(args) != both:
				return misused("give CELL and REQUESTS-PER-SECOND, or --forget")
			}
			return nil
		},
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			var c api.Cell
			if forget {
				c, err = answer[api.Cell](s.ClearCellCapacity(cmd.Context(), args[0]))
				if err != nil {
					return doing(err, "forget the capacity of cell %s", args[0])
				}
				return p.done(c, "what cell %s was measured to carry is forgotten", args[0])
			}
			rate, err := strconv.ParseFloat(args[1], 64)
			if err != nil || !(rate >= 1) { // NaN is neither
				return misused("%q is no number of requests a second from 1", args[1])
			}
			c, err = answer[api.Cell](s.SetCellCapacity(cmd.Context(), args[0], api.MeasuredCapacity{RequestsPerSecond: rate}))
			if err != nil {
				return doing(err, "set the capacity of cell %s", args[0])
			}
			return p.done(c, "cell %s carries %.0f requests/s", args[0], rate)
		}),
	}
	cmd.Flags().BoolVar(&forget, "forget", false, "forget what was measured")
	return cmd
}
