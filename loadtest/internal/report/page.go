package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"
	"time"

	"github.com/coditect/platform/loadtest/internal/scenario"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"ms":   func(x float64) string { return fmt.Sprintf("%.2f", x) },
	"rate": func(x float64) string { return fmt.Sprintf("%.0f", x) },
	"percent": func(part, whole int64) string {
		return fmt.Sprintf("%.3g %%", 100*float64(part)/float64(max(1, whole)))
	},
	"short": func(d time.Duration) string { return d.Round(tenth).String() },
	"got":   func(x float64) string { return fmt.Sprintf("%.4g", x) },
}).Parse(pageText))

// pageView is what the page shows.
type pageView struct {
	*Document
	Lag    Latency
	Codes  []codeRow
	Plots  []Plot
	Storms bool
}

type codeRow struct {
	Step, Code string
	Count      int64
}

// WritePage writes the page to a file.
func (d *Document) WritePage(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := d.Page(f); err != nil {
		_ = f.Close() // the first error says more
		return err
	}
	return f.Close()
}

// Page writes the page.
func (d *Document) Page(w io.Writer) error {
	v := pageView{Document: d, Lag: latencyOf(d.Recording.Lag), Plots: d.plots(), Storms: d.Scenario.Storms()}
	for _, step := range d.Recording.Shape.Steps {
		for _, code := range sortedCodes(d.Recording.Codes[step]) {
			v.Codes = append(v.Codes, codeRow{Step: step, Code: code, Count: d.Recording.Codes[step][code]})
		}
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// plots are the page's pictures, in order.
func (d *Document) plots() []Plot {
	plots := []Plot{d.throughput(), d.overTime(), d.curve(), d.errorsOverTime()}
	if len(d.Recording.Tenants) > 1 {
		plots = append(plots, d.fairness())
	}
	return plots
}

// marks are where the phases begin, in seconds.
func (d *Document) marks() (all []Mark) {
	begun := time.Duration(0)
	for _, p := range d.Scenario.Phases {
		all = append(all, Mark{X: begun.Seconds(), Name: p.Name})
		begun += p.For
	}
	return all
}

func (d *Document) seconds(window int) float64 {
	return (time.Duration(window) * d.Recording.Shape.Interval).Seconds()
}

func (d *Document) throughput() Plot {
	p := Plot{Title: "Throughput", X: "seconds", Y: "answers a second", Marks: d.marks()}
	got := Line{Name: "answered as expected", Class: "a"}
	for i, w := range d.Recording.Windows {
		got.Points = append(got.Points, Point{X: d.seconds(i), Y: float64(w.Done) / d.Recording.Shape.Interval.Seconds()})
	}
	p.Lines = append(p.Lines, got)
	if !d.Scenario.Load.Closed {
		p.Lines = append(p.Lines, Line{Name: "wanted", Class: "d", Points: wanted(d.Scenario)})
	}
	return p
}

func wanted(s *scenario.Scenario) (all []Point) {
	begun := time.Duration(0)
	for _, p := range s.Phases {
		all = append(all, Point{X: begun.Seconds(), Y: p.From}, Point{X: (begun + p.For).Seconds(), Y: p.To})
		begun += p.For
	}
	return all
}

func (d *Document) overTime() Plot {
	p := Plot{Title: "Latency from the intended time, over time", X: "seconds", Y: "milliseconds", LogY: true, Marks: d.marks()}
	for i, q := range []float64{50, 95, 99, 100} {
		line := Line{Name: []string{"p50", "p95", "p99", "max"}[i], Class: []string{"a", "b", "c", "d"}[i]}
		for at, w := range d.Recording.Windows {
			if w.Response != nil {
				line.Points = append(line.Points, Point{X: d.seconds(at), Y: Milliseconds(w.Response.At(q))})
			}
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

// curve is the HDR curve: latency over the number of nines.
func (d *Document) curve() Plot {
	p := Plot{Title: "Latency by percentile", X: "percentile", Y: "milliseconds", LogY: true, Nines: true}
	whole := d.Recording.Whole()
	for i, h := range []interface{ At(float64) time.Duration }{whole.Response, whole.Service} {
		line := Line{Name: []string{"from the intended time", "from the time of sending: what a closed loop reports"}[i], Class: []string{"a", "c"}[i]}
		for tenths := range 51 {
			nines := float64(tenths) / 10
			share := 1 - pow10(-nines)
			if 1-share < 1/float64(max(1, whole.Requests())) {
				break
			}
			line.Points = append(line.Points, Point{X: nines, Y: Milliseconds(h.At(max(0.001, 100*share)))})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

func (d *Document) errorsOverTime() Plot {
	p := Plot{Title: "Errors", X: "seconds", Y: "errors a second", Marks: d.marks()}
	line := Line{Name: "errors", Class: "c"}
	for i, w := range d.Recording.Windows {
		line.Points = append(line.Points, Point{X: d.seconds(i), Y: float64(w.Errors) / d.Recording.Shape.Interval.Seconds()})
	}
	p.Lines = append(p.Lines, line)
	return p
}

func (d *Document) fairness() Plot {
	p := Plot{Title: "Fairness: latency by tenant, the most preferred first", X: "rank", Y: "milliseconds", LogY: true}
	for i, q := range []float64{50, 99} {
		line := Line{Name: []string{"p50", "p99"}[i], Class: []string{"a", "c"}[i], Dots: true}
		for _, t := range d.Recording.Tenants {
			line.Points = append(line.Points, Point{X: float64(t.Rank), Y: Milliseconds(t.Response.At(q))})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}
