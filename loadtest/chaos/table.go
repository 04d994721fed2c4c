package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
)

// table collects the outcomes.
type table struct {
	outcomes map[testCase]outcome
	order    []testCase
}

func (t *table) add(c testCase, o outcome) {
	if t.outcomes == nil {
		t.outcomes = map[testCase]outcome{}
	}
	t.outcomes[c] = o
	t.order = append(t.order, c)
}

// figures prints the sums, and reports whether none falls short.
func (t *table) figures(out io.Writer) bool {
	var lost, doubled, stale, failed, missed int
	var slowest time.Duration
	for _, o := range t.outcomes {
		lost += o.verdict.Lost
		doubled += o.verdict.Doubled + o.verdict.Strange
		stale += len(o.verdict.Stale)
		if o.err != nil {
			failed++
		} else if !o.hit {
			missed++
		}
		slowest = max(slowest, o.converged)
	}
	f := &figures.Figures{Out: out}
	f.AtLeast("chaos_cases", float64(len(t.outcomes)), "cases", 1)
	f.AtMost("chaos_lost_writes", float64(lost), "writes", 0)
	f.AtMost("chaos_doubled_writes", float64(doubled), "writes", 0)
	f.AtMost("chaos_stale_registers", float64(stale), "registers", 0)
	f.AtMost("chaos_not_converged", float64(failed), "cases", 0)
	f.AtMost("chaos_stages_missed", float64(missed), "cases", 0)
	f.AtMost("chaos_convergence_max", slowest.Seconds(), "s", convergenceBar.Seconds())
	return f.OK()
}

// markdown draws the matrix, a table a fault.
func (t *table) markdown(seed uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases, seed %d. Seconds from the mended fault to rest; – was not run.\n", len(t.outcomes), seed)
	for _, f := range faultNames() {
		fmt.Fprintf(&b, "\n#### %s\n\n| stage | %s |\n|---|%s\n", f, strings.Join(processes, " | "), strings.Repeat("---|", len(processes)))
		for _, stage := range stages {
			fmt.Fprintf(&b, "| %s |", stage)
			for _, process := range processes {
				o, run := t.outcomes[testCase{stage, process, f}]
				fmt.Fprintf(&b, " %s |", cellOf(o, run))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func cellOf(o outcome, run bool) string {
	switch {
	case !run:
		return "–"
	case o.ok():
		return fmt.Sprintf("%.1f", o.converged.Seconds())
	case o.err != nil:
		return "**failed**"
	case !o.hit:
		return "missed"
	case !o.verdict.Clean():
		return "**broken**"
	}
	return fmt.Sprintf("**late %.0f**", o.converged.Seconds())
}
