// Package figures prints what was measured, a line a figure: name, value, unit,
// bar, verdict.
package figures

import (
	"fmt"
	"io"
)

// Figures prints results as they come.
type Figures struct {
	Out io.Writer

	short int
}

// AtMost prints a figure that must not exceed its bound.
func (f *Figures) AtMost(name string, value float64, unit string, bound float64) {
	f.print(name, value, unit, "<=", bound, value <= bound)
}

// AtLeast prints a figure that must reach its bound.
func (f *Figures) AtLeast(name string, value float64, unit string, bound float64) {
	f.print(name, value, unit, ">=", bound, value >= bound)
}

func (f *Figures) print(name string, value float64, unit, op string, bound float64, ok bool) {
	verdict := "ok"
	if !ok {
		verdict = "short"
		f.short++
	}
	_, _ = fmt.Fprintf(f.Out, "figure %s %.4g %s bar %s %g %s\n", name, value, unit, op, bound, verdict)
}

// OK reports whether none fell short.
func (f *Figures) OK() bool { return f.short == 0 }
