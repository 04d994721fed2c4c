package report

import (
	"fmt"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// Verdict is a threshold and what the run brought.
type Verdict struct {
	scenario.Threshold
	Got float64 `json:"got"`
	OK  bool    `json:"ok"`
}

// Run is what a report is made of.
type Run struct {
	Scenario    *scenario.Scenario
	Text        string
	Processes   int
	Began       time.Time
	Took        time.Duration
	Interrupted bool
	Events      []Event
	Recording   *record.Recording
}

// Build judges a run.
func Build(run Run) *Document {
	d := &Document{
		Format: format, Scenario: run.Scenario, Text: run.Text, Commit: commit(), Machine: thisMachine(), Processes: run.Processes, Began: run.Began,
		Took: run.Took, Interrupted: run.Interrupted, Events: run.Events, Recording: run.Recording,
		Invalid: []string{}, Verdicts: []Verdict{},
	}
	d.Summary = summaryOf(run.Recording.Whole(), d.span(func(p int) bool { return !run.Scenario.Phases[p].WarmUp }))
	for phase := range run.Recording.Shape.Phases {
		for step := range run.Recording.Shape.Steps {
			total := run.Recording.Total(func(p, s int) bool { return p == phase && s == step })
			if total.Requests() == 0 {
				continue
			}
			d.Parts = append(d.Parts, Part{
				Phase: run.Recording.Shape.Phases[phase], Step: run.Recording.Shape.Steps[step], Counted: run.Recording.Shape.Counts(phase, step),
				Summary: summaryOf(total, d.span(func(p int) bool { return p == phase })),
			})
		}
	}
	for _, t := range run.Scenario.Thresholds {
		got := d.measure(t)
		d.Verdicts = append(d.Verdicts, Verdict{Threshold: t, Got: got, OK: t.Holds(got)})
	}
	d.checkValidity()
	return d
}

// span is how long the chosen phases lasted, as far as the run came.
func (d *Document) span(want func(phase int) bool) (sum time.Duration) {
	begun := time.Duration(0)
	for i, p := range d.Scenario.Phases {
		if lasted := min(p.For, d.Took-begun); lasted > 0 && want(i) {
			sum += lasted
		}
		begun += p.For
	}
	return sum
}

// measure is a threshold's value in this run.
func (d *Document) measure(t scenario.Threshold) float64 {
	if t.Metric == scenario.TenantP99 {
		return d.WorstTenant()
	}
	shape := &d.Recording.Shape
	inPhase := func(p int) bool {
		if t.Phase != "" {
			return shape.Phases[p] == t.Phase
		}
		return !shape.WarmUp[p]
	}
	total := d.Recording.Total(func(p, s int) bool {
		if t.Step != "" {
			return inPhase(p) && shape.Steps[s] == t.Step
		}
		return inPhase(p) && s != shape.Storm
	})
	switch t.Metric {
	case scenario.Errors:
		return total.ErrorShare() * 100
	case scenario.Throughput:
		return summaryOf(total, d.span(inPhase)).PerSecond
	case scenario.Max:
		return Milliseconds(total.Response.Max())
	}
	q, _ := t.Metric.Percentile() // it was read as one
	return Milliseconds(total.Response.At(q))
}

// enough requests make a tenant's p99 worth anything.
const enough = 100

// WorstTenant is the highest p99, in milliseconds, of the tenants recorded apart that
// had enough requests for one.
func (d *Document) WorstTenant() (worst float64) {
	for _, t := range d.Recording.Tenants {
		if t.Response.Count() >= enough {
			worst = max(worst, Milliseconds(t.Response.At(99)))
		}
	}
	return worst
}

// Counted reports whether a time of the run is in no warm-up.
func (d *Document) Counted(at time.Duration) bool {
	begun := time.Duration(0)
	for _, p := range d.Scenario.Phases {
		if at < begun+p.For {
			return !p.WarmUp
		}
		begun += p.For
	}
	return false
}

// Passed reports whether every threshold was met, and everything that was to
// happen meanwhile did.
func (d *Document) Passed() bool {
	for _, v := range d.Verdicts {
		if !v.OK {
			return false
		}
	}
	for _, e := range d.Events {
		if !e.OK {
			return false
		}
	}
	return true
}

// checkValidity finds what makes the figures worthless.
func (d *Document) checkValidity() {
	if lag, most := d.Recording.Lag.At(99), d.Scenario.Load.MaxLag; lag > most {
		d.Invalid = append(d.Invalid, fmt.Sprintf("the generator itself was late: by %s at p99, and %s is allowed (load.max_lag); use more processes, or less load beside it", lag.Round(time.Microsecond), most))
	}
	if d.Summary.Requests == 0 {
		d.Invalid = append(d.Invalid, "no request outside of the warm-up was answered or failed")
	}
}
