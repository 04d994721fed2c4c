// Package view shows a run while it goes: rate, percentiles, errors, the
// generator's lag, and how long it will take.
package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// View writes to a terminal in place, and elsewhere a line every few seconds.
type View struct {
	out      io.Writer
	terminal bool
	scenario *scenario.Scenario
	errors   int64
	lines    int // on the screen
	waited   time.Duration
	quiet    *record.Live // what came since the last line, where it is no terminal
}

// New makes a view of a run.
func New(out io.Writer, terminal bool, s *scenario.Scenario) *View {
	return &View{out: out, terminal: terminal, scenario: s, quiet: record.NewLive()}
}

// quietEvery is how often a log gets a line.
const quietEvery = 5 * time.Second

// Show shows what came in the last while.
func (v *View) Show(elapsed, since time.Duration, live *record.Live) {
	v.errors += live.Errors
	if v.terminal {
		v.clear()
		text := v.text(elapsed, since, live) + v.bar(elapsed)
		v.lines = strings.Count(text, "\n")
		_, _ = io.WriteString(v.out, text)
		return
	}
	v.quiet.Add(live)
	if v.waited += since; v.waited >= quietEvery {
		_, _ = io.WriteString(v.out, v.text(elapsed, v.waited, v.quiet))
		v.quiet, v.waited = record.NewLive(), 0
	}
}

// End removes what is shown in place.
func (v *View) End() { v.clear() }

func (v *View) clear() {
	if v.lines > 0 {
		_, _ = fmt.Fprintf(v.out, "\x1b[%dA\r\x1b[J", v.lines)
		v.lines = 0
	}
}

func (v *View) text(elapsed, since time.Duration, live *record.Live) string {
	phase, want := v.phase(elapsed)
	unit := "/s wanted"
	if v.scenario.Load.Closed {
		unit = " users"
	}
	return fmt.Sprintf("%s of %s, %s: %.0f/s (%.0f%s)  p50 %s  p99 %s  max %s  errors %d (%d in all)  lag p99 %s\n",
		elapsed.Round(time.Second), v.scenario.Duration(), phase, float64(live.Done+live.Errors)/since.Seconds(), want, unit,
		short(live.Response.At(50)), short(live.Response.At(99)), short(live.Response.Max()), live.Errors, v.errors, short(live.Lag.At(99)))
}

// phase is the current one and its present rate.
func (v *View) phase(elapsed time.Duration) (name string, want float64) {
	begun := time.Duration(0)
	for _, p := range v.scenario.Phases {
		if elapsed < begun+p.For {
			return p.Name, p.From + (p.To-p.From)*float64(elapsed-begun)/float64(p.For)
		}
		begun += p.For
	}
	return "the last answers", 0
}

const barWidth = 50

func (v *View) bar(elapsed time.Duration) string {
	whole := v.scenario.Duration()
	share := min(1, float64(elapsed)/float64(whole))
	return fmt.Sprintf("%s %.0f %%, %s left\n", drawn(share), 100*share, max(0, whole-elapsed).Round(time.Second))
}

// drawn is a bar that is full to the share.
func drawn(share float64) string {
	full := int(share * barWidth)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
}

func short(d time.Duration) string {
	if d >= time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
