package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// figure is one result: of a promise, or a note that helps to read one.
type figure struct {
	promise
	value float64
	note  bool
}

// ok is false for what could not be measured, too: that is no number.
func (f *figure) ok() bool { return f.note || f.value <= f.bound }

func (f *figure) verdict() string {
	if f.ok() {
		return "ok"
	}
	return "short"
}

// figures prints results as they come and keeps them for the table.
type figures struct {
	out      io.Writer
	inShort  bool // judge by the bounds of the short form
	promised []promise
	all      []figure
}

// is prints what was measured of a promise.
func (f *figures) is(name string, value float64) {
	i := slices.IndexFunc(f.promised, func(p promise) bool { return p.name == name })
	p := f.promised[i]
	if f.inShort {
		p.bound = p.short
	}
	if math.IsNaN(p.bound) {
		f.note(p.name, value, p.unit, p.what+"; not judged here")
		fmt.Fprintf(f.out, "note %s %.4g %s\n", p.name, value, p.unit)
		return
	}
	g := figure{promise: p, value: value}
	f.all = append(f.all, g)
	fmt.Fprintf(f.out, "figure %s %.4g %s bar <= %g %s\n", g.name, g.value, g.unit, g.bound, g.verdict())
}

// unmeasured makes short what has no figure yet.
func (f *figures) unmeasured(promises []promise) {
	for _, p := range promises {
		if !slices.ContainsFunc(f.all, func(g figure) bool { return g.name == p.name }) {
			f.is(p.name, math.NaN())
		}
	}
}

// note keeps what has no bar of its own.
func (f *figures) note(name string, value float64, unit, what string) {
	f.all = append(f.all, figure{promise: promise{name: name, unit: unit, what: what}, value: value, note: true})
}

// table prints everything for people.
func (f *figures) table() {
	fmt.Fprintln(f.out)
	w := tabwriter.NewWriter(f.out, 0, 8, 2, ' ', 0)
	for i := range f.all {
		g := &f.all[i]
		if g.note {
			fmt.Fprintf(w, "  %s\t%.4g %s\t\t\t%s\n", g.name, g.value, g.unit, g.what)
			continue
		}
		fmt.Fprintf(w, "%s\t%.4g %s\t<= %g\t%s\t%s\n", g.name, g.value, g.unit, g.bound, g.verdict(), g.what)
	}
	_ = w.Flush()
}

func (f *figures) ok() bool {
	return !slices.ContainsFunc(f.all, func(g figure) bool { return !g.ok() })
}
