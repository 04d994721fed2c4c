package main

import (
	"fmt"
	"io"
)

// figures prints results as they come: name, value, unit, bar, verdict.
type figures struct {
	out    io.Writer
	missed int
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
		f.missed++
	}
	_, _ = fmt.Fprintf(f.out, "figure %s %.4g %s bar %s %g %s\n", name, value, unit, op, bound, verdict)
}

// note prints what has no bar of its own.
func (f *figures) note(name string, value float64, unit, what string) {
	_, _ = fmt.Fprintf(f.out, "note %s %.4g %s: %s\n", name, value, unit, what)
}

func (f *figures) ok() bool { return f.missed == 0 }
