package report

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Print writes a run's figures for people.
func (d *Document) Print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, why := range d.Invalid {
		fmt.Fprintf(out, "INVALID: %s\n", why)
	}
	if d.Interrupted {
		fmt.Fprintf(out, "interrupted after %s of %s\n", d.Took.Round(tenth), d.Scenario.Duration())
	}
	fmt.Fprintf(out, "%s: %d requests, %.0f/s, %d errors (%.3g %%)\n", d.Scenario.Name, d.Summary.Requests, d.Summary.PerSecond, d.Summary.Errors,
		100*float64(d.Summary.Errors)/float64(max(1, d.Summary.Requests)))
	fmt.Fprintln(out, "milliseconds\tp50\tp90\tp95\tp99\tp99.9\tmax")
	fmt.Fprintf(out, "from the intended time\t%s\n", columns(d.Summary.Response))
	fmt.Fprintf(out, "as a closed loop reports\t%s\n", columns(d.Summary.Service))
	fmt.Fprintf(out, "generator's lag\t%s\n", columns(latencyOf(d.Recording.Lag)))
	fmt.Fprintln(out, "phase, step\tp50\tp90\tp95\tp99\tp99.9\tmax\trequests\t/s\terrors")
	for _, p := range d.Parts {
		fmt.Fprintf(out, "%s, %s\t%s\t%d\t%.0f\t%d\n", p.Phase, p.Step, columns(p.Response), p.Requests, p.PerSecond, p.Errors)
	}
	for _, step := range d.Recording.Shape.Steps {
		for _, code := range sortedCodes(d.Recording.Codes[step]) {
			fmt.Fprintf(out, "%s: %s\t%d\n", step, code, d.Recording.Codes[step][code])
		}
	}
	for _, e := range d.Events {
		fmt.Fprintf(out, "%s: %s\n", e.At.Round(tenth), e.What)
	}
	for _, v := range d.Verdicts {
		verdict := "met"
		if !v.OK {
			verdict = "MISSED"
		}
		fmt.Fprintf(out, "%s\t%s: %.4g\n", v.Text, verdict, v.Got)
	}
	return out.Flush()
}

const tenth = 100_000_000 // nanoseconds, in seconds shown to people

func columns(l Latency) string {
	return fmt.Sprintf("%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f", l.P50, l.P90, l.P95, l.P99, l.P999, l.Max)
}

func sortedCodes(codes map[string]int64) []string {
	var all []string
	for code := range codes {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}
