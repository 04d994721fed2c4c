package cli

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/loadtest/internal/compare"
	"github.com/coditect/platform/loadtest/internal/report"
)

const compareHelp = `Compares two reports (B with A), figure by figure, and says whether the difference is more
than chance would bring: seconds of both runs are drawn anew a thousand times, and a
difference is significant if 95 % of the ratios lie on one side of 1. Warm-ups do not count.`

func (p *program) compareCommand() *cobra.Command {
	return &cobra.Command{
		Use: "compare A.json B.json", Short: "Say what differs between two runs", Long: compareHelp, Args: exactly(2),
		RunE: func(_ *cobra.Command, args []string) error { return p.compare(args[0], args[1]) },
	}
}

func (p *program) compare(pathA, pathB string) error {
	a, errA := report.Read(pathA)
	b, errB := report.Read(pathB)
	if err := errors.Join(errA, errB); err != nil {
		return misused(err)
	}
	all, err := compare.Runs(compare.Windows(a.Recording, a.Counted), compare.Windows(b.Recording, b.Counted), a.Scenario.Seed)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(p.opts.Stdout, 0, 0, 2, ' ', 0)
	for i, d := range []*report.Document{a, b} {
		for _, why := range d.Invalid {
			fmt.Fprintf(out, "%s is invalid: %s\n", []string{"A", "B"}[i], why)
		}
	}
	if a.Machine.Host != b.Machine.Host || a.Machine.Model != b.Machine.Model {
		fmt.Fprintln(out, "the runs are of different machines")
	}
	if a.Text != b.Text {
		fmt.Fprintln(out, "the runs are of different scenarios")
	}
	fmt.Fprintln(out, "figure\tA\tB\tB to A\t95 % interval\t")
	for _, d := range all {
		word := "not significant"
		if d.Significant {
			word = "SIGNIFICANT"
		}
		fmt.Fprintf(out, "%s\t%.3f\t%.3f\t%.3f ×\t%.3f … %.3f\t%s\n", d.Name, d.A, d.B, d.Ratio, d.Low, d.High, word)
	}
	return out.Flush()
}

func (p *program) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "report A.json PAGE.html", Short: "Make the page of a report anew", Args: exactly(2),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := report.Read(args[0])
			if err != nil {
				return misused(err)
			}
			return d.WritePage(args[1])
		},
	}
}
