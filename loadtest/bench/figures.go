package main

import (
	"fmt"
	"io"
)

// figures prints results as they come: name, value, unit, bar, verdict.
type figures struct {
	out   io.Writer
	short int
}

// atMost prints a figure that must not exceed its bound.
func (f *figures) atMost(name string, value float64, unit string, bound float64) {
	f.print(name, value, unit, "<=", bound, value <= bound)
}

// atLeast prints a figure that must reach its bound.
func (f *figures) atLeast(name string, value float64, unit string, bound float64) {
	f.print(name, value, unit, ">=", bound, value >= bound)
}

func (f *figures) print(name string, value float64, unit, op string, bound float64, ok bool) {
	verdict := "ok"
	if !ok {
		verdict = "short"
		f.short++
	}
	_, _ = fmt.Fprintf(f.out, "figure %s %.4g %s bar %s %g %s\n", name, value, unit, op, bound, verdict)
}

func (f *figures) ok() bool { return f.short == 0 }
