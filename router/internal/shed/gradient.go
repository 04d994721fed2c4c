package shed

import (
	"math"
	"time"
)

const (
	tolerance  = 0.03 // of the base latency, before noise
	deepCut    = 0.8  // of the limit: from here on the effect of a cut is looked at
	backOff    = 0.8  // the limit's factor when the cell says that it is overloaded
	unusedCut  = 1.25 // times the threshold, for a limit that was not reached: more likely it is something else
	probeCut   = 0.7
	probeAfter = 10 * time.Second
)

// window is what was measured under one limit.
type window struct {
	answers, failed, peak int64
	latency               float64 // mean, nanoseconds
	delay                 float64 // of this process when something is to be done, mean, nanoseconds
	end                   int64
}

// gradient finds the limit; see the package's documentation for the formula.
type gradient struct {
	opts   Options
	limit  float64
	base   float64 // latency without a queue, nanoseconds; 0: not known
	due    int64   // when base is to be measured anew
	streak int     // windows in a row without a queue

	// When cutting began: how many requests were under way, how long they took,
	// and the limit to go back to. Zero: nothing is being cut.
	fromLimit, fromLatency, undo float64
}

func newGradient(opts Options) gradient {
	return gradient{opts: opts, limit: float64(opts.Initial)}
}

// adjust returns the limit that follows from w.
func (g *gradient) adjust(w window) float64 {
	switch {
	case w.failed*10 > w.answers+w.failed:
		g.set(g.limit * backOff)
		g.fromLimit, g.streak = 0, 0
	case w.answers == 0:
	case g.base == 0:
		g.base = w.latency
		g.probeIn(time.Second, w) // it may have been measured under load
	case g.deep() && w.latency > 1.1*g.fromLatency:
		g.fromLatency = w.latency // the queue was still growing when the cut was made: no verdict yet
		g.cut(w)
	case g.deep() && !g.helped(w):
		g.restore(w)
	case w.latency > g.threshold(w) && (g.used(w) || w.latency > unusedCut*g.threshold(w)):
		g.cut(w)
	default:
		g.rest(w)
	}
	return g.limit
}

// threshold is the latency above which requests queue in the cell. The fewer
// answers, the less their mean says: its standard error is about mean/√n. This
// process is late with sending a request, and with seeing its answer.
func (g *gradient) threshold(w window) float64 {
	return g.base*(1+tolerance+0.6/math.Sqrt(float64(w.answers))) + float64(g.opts.Slack) + 2*w.delay
}

// used reports whether the limit was anywhere near being reached.
func (g *gradient) used(w window) bool { return float64(w.peak) >= g.limit/2 }

// deep reports whether so much has been cut that the effect must show.
func (g *gradient) deep() bool { return g.fromLimit > 0 && g.limit <= deepCut*g.fromLimit }

// helped reports whether a deep cut made requests faster, as it must if they
// queued: halfway between no effect and an effect in proportion. If it did not,
// the requests themselves take longer, and fewer of them would be no use.
func (g *gradient) helped(w window) bool {
	if w.latency >= g.fromLatency*(1+g.limit/g.fromLimit)/2 {
		return false
	}
	g.base = min(g.base, w.latency)
	g.probeIn(0, w) // until it does not help any more
	g.fromLimit = 0
	return true
}

// restore undoes a cut that did not help.
func (g *gradient) restore(w window) {
	g.probeIn(probeAfter, w)
	g.base, g.streak = w.latency, 0
	g.set(g.undo)
	g.fromLimit = 0
}

// cut lowers the limit in proportion to the queue.
func (g *gradient) cut(w window) {
	g.streak = 0
	if g.limit <= float64(g.opts.Min) {
		// No cut can tell any more whether requests queue or just take that long.
		g.base += (w.latency - g.base) / 8
	}
	from := min(g.limit, max(float64(w.peak), float64(g.opts.Min)))
	switch {
	case g.fromLimit == 0:
		g.fromLimit, g.fromLatency, g.undo = from, w.latency, g.limit
	case g.limit > 0.85*g.fromLimit:
		g.fromLatency = max(g.fromLatency, w.latency)
	}
	g.set(from*max(0.5, g.threshold(w)/w.latency) + g.headroom())
	g.probe(w)
}

// rest is a window without a queue: the base follows, and the limit grows if
// it is used.
func (g *gradient) rest(w window) {
	g.fromLimit = 0
	used := g.used(w)
	if w.latency < g.base || !used {
		g.base += (w.latency - g.base) / 4
	}
	if !used {
		g.streak = 0
		g.probeIn(probeAfter, w)
		g.set(max(g.limit*0.98, min(g.limit, float64(g.opts.Initial))))
		return
	}
	g.streak++
	g.set(g.limit + g.headroom()*math.Exp2(float64(min(max(g.streak-3, 0), 4))))
	g.probe(w)
}

// probe measures the base anew when the limit has been in use for so long that
// nothing else did.
func (g *gradient) probe(w window) {
	if g.deep() || float64(w.peak) < deepCut*g.limit || w.end < g.due {
		return
	}
	g.probeIn(probeAfter, w)
	g.fromLimit, g.fromLatency, g.undo = g.limit, w.latency, g.limit
	g.set(g.limit * probeCut)
}

func (g *gradient) probeIn(d time.Duration, w window) { g.due = w.end + d.Nanoseconds() }

func (g *gradient) headroom() float64 { return max(1, math.Sqrt(g.limit)/4) }

func (g *gradient) set(limit float64) {
	g.limit = min(max(limit, float64(g.opts.Min)), float64(g.opts.Max))
}
