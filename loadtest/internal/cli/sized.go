package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/coditect/platform/loadtest/internal/capacity"
	"github.com/coditect/platform/loadtest/internal/resources"
)

// sized is the result of a capacity run.
type sized struct {
	Cell      string             `json:"cell"`
	Rate      float64            `json:"rate"` // the cell's limit, a second
	P99       time.Duration      `json:"p99"`  // the objective
	Limit     string             `json:"limit"`
	Open      bool               `json:"open"` // no limit was found
	Soak      capacity.Trial     `json:"soak"`
	Soaked    *resources.Reading `json:"soaked"`
	Beyond    *resources.Reading `json:"beyond"` // a fifth above the limit
	Trials    []capacity.Trial   `json:"trials"`
	Points    []capacity.Point   `json:"points"`
	Law       *capacity.Fit      `json:"law"`
	CorePrice float64            `json:"core_price,omitempty"`
}

func (r *sized) write(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("capacity: %w", err)
	}
	const mode = 0o644
	if err := os.WriteFile(path, append(text, '\n'), mode); err != nil {
		return fmt.Errorf("capacity: %w", err)
	}
	return nil
}

// print says the answer first.
func (r *sized) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	limited := "limited by " + r.Beyond.Saturated()
	if r.Open {
		limited = "and no limit was found up to there"
	}
	fmt.Fprintf(out, "%s: %.0f requests/s at p99 < %s; %s\n", r.Cell, r.Rate, r.P99, limited)
	if r.Limit != "" {
		fmt.Fprintf(out, "beyond it: %s\n", r.Limit)
	}
	fmt.Fprintf(out, "confirmed at %.0f/s: p99 %.1f ms, errors %.3g %%, the oldest job waited %.1f s\n", r.Soak.Rate, r.Soak.P99, 100*r.Soak.Errors, r.Soak.QueueAge)
	cpu := r.Soaked.CPU().Seconds() / (r.Soak.Rate * r.Soaked.Took.Seconds()) * thousand
	fmt.Fprintf(out, "1,000 requests cost %.2f s of processor time", cpu)
	if r.CorePrice > 0 {
		fmt.Fprintf(out, ", %.6f at %g an hour", cpu/time.Hour.Seconds()*r.CorePrice, r.CorePrice)
	}
	fmt.Fprintln(out)
	fmt.Fprintln(out, "part\tprocessors, at 90 %\tready and waiting\tprocessors, at 120 %\tready and waiting")
	for _, p := range r.Soaked.Parts {
		if b := find(r.Beyond, p.Name); p.Cores+b.Cores >= shown {
			fmt.Fprintf(out, "%s\t%.2f\t%.2f\t%.2f\t%.2f\n", p.Name, p.Cores, p.Wait, b.Cores, b.Wait)
		}
	}
	r.printLaw(out)
	return out.Flush()
}

const (
	thousand = 1000
	shown    = 0.01 // processors: less is not worth a line
)

func find(r *resources.Reading, name string) resources.Used {
	for _, p := range r.Parts {
		if p.Name == name {
			return p
		}
	}
	return resources.Used{}
}

func (r *sized) printLaw(out io.Writer) {
	f := r.Law
	fmt.Fprintf(out, "users\tmeasured /s\tfitted /s\tresidual\n")
	for i, p := range r.Points {
		fmt.Fprintf(out, "%.0f\t%.0f\t%.0f\t%+.1f %%\n", p.Users, p.Rate, f.Rate(p.Users), 100*f.Residuals[i])
	}
	fmt.Fprintf(out, "scalability law: λ %.4g/s, σ %.4g ± %.2g, κ %.4g ± %.2g\n", f.Lambda, f.Sigma, f.SigmaError, f.Kappa, f.KappaError)
	switch {
	case f.Problem != "":
		fmt.Fprintf(out, "not identifiable: %s\n", f.Problem)
	case f.Peak > 0:
		fmt.Fprintf(out, "it has its peak, %.0f/s, at %.0f users at once; to be believed %s\n", f.PeakRate, f.Peak, f.Trustworthy)
	default:
		fmt.Fprintf(out, "it never exceeds %.0f/s; to be believed %s\n", f.PeakRate, f.Trustworthy)
	}
}

// trialLine is what is said while a search goes on.
func trialLine(t *capacity.Trial) string {
	verdict := "meets every objective"
	if t.Missed != "" {
		verdict = t.Missed
	}
	what := ""
	if t.Soak {
		what = "soak at "
	}
	return fmt.Sprintf("%s%.0f/s: p99 %.1f ms, errors %.3g %%: %s", what, t.Rate, t.P99, 100*t.Errors, verdict)
}
