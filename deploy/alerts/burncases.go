package alerts

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// pace is a stretch of time in which a part of the events is bad.
type pace struct {
	span time.Duration
	bad  float64
}

// over and under are paces that a pair must notice, and must not.
const (
	over  = 1.1
	under = 0.92
)

// recovery is longer than the short windows of both fast pairs.
const recovery = 36 * time.Minute

// burnUnits makes promtool's tests of an objective: each of the four pairs
// fires alone, each speed is quiet just below, silent without metrics, and
// quiet soon after the trouble has ended.
func burnUnits(s SLO, g Group) []unit {
	fast, slow := g.Rules[len(g.Rules)-2], g.Rules[len(g.Rules)-1]
	b := s.budget()
	const day = 24 * time.Hour
	test := func(step time.Duration, r Rule, fires bool, paces ...pace) unit {
		u := unit{Interval: promDuration(step), Alerts: []expectance{{Alert: r.Alert}}}
		var end time.Duration
		for _, p := range paces {
			end += p.span
		}
		u.Alerts[0].At = promDuration(end)
		if fires {
			u.Alerts[0].Expected = []fired{r.fired(s.alertLabels())}
		}
		for _, e := range s.Example.Series {
			u.Input = append(u.Input, series{e.Name, s.values(e, step, paces)})
		}
		return u
	}
	minute, medium, slowly := time.Minute, 5*time.Minute, 15*time.Minute // as far apart as the windows allow: it saves minutes
	if s.ofTime() {
		medium, slowly = time.Minute, 5*time.Minute
	}
	absent := func(r Rule) unit {
		return unit{Interval: "1m", Input: []series{{"some_other_metric", "0+0x70"}}, Alerts: []expectance{{At: "65m", Alert: r.Alert}}}
	}
	return []unit{
		test(minute, fast, true, pace{65 * time.Minute, s.noticed(pairs[0], minute)}),
		test(medium, fast, true, pace{6 * time.Hour, s.noticed(pairs[1], medium)}),
		test(medium, fast, false, pace{6 * time.Hour, under * pairs[1].factor * b}),
		test(minute, fast, false, pace{65 * time.Minute, s.noticed(pairs[0], minute)}, pace{recovery, 0}),
		test(slowly, slow, true, pace{day, s.noticed(pairs[2], slowly)}),
		test(slowly, slow, true, pace{3 * day, s.noticed(pairs[3], slowly)}),
		test(slowly, slow, false, pace{3 * day, under * b}),
		absent(fast), absent(slow),
	}
}

// alertLabels are the example's, and the objective's name, which recorded series have.
func (s SLO) alertLabels() map[string]string {
	labels := map[string]string{"slo": s.Name}
	for name, v := range s.Example.Labels {
		labels[name] = v
	}
	return labels
}

// noticed is a pace at which the pair fires. Where time is counted a sample is
// bad or is not, so it is the least at which any short window has enough of them.
func (s SLO) noticed(p pair, step time.Duration) float64 {
	if !s.ofTime() {
		return over * p.factor * s.budget()
	}
	samples := float64(span(p.short)/step) + 1
	bad := math.Floor(samples*p.factor*s.budget()) + 1
	return 1 / math.Floor(samples/bad)
}

// values writes a series in promtool's notation.
func (s SLO) values(e ExampleSeries, step time.Duration, paces []pace) string {
	if s.ofTime() {
		return gaugeValues(e, step, paces)
	}
	const events = 1000 // a step
	var parts []string
	at := 0.0
	for _, p := range paces {
		grows := events * (e.Good*(1-p.bad) + e.Bad*p.bad)
		n := int(p.span / step)
		parts = append(parts, fmt.Sprintf("%s+%sx%d", number(at), number(grows), n))
		at += grows * float64(n+1)
	}
	return strings.Join(parts, " ")
}

// gaugeValues is bad once in as many samples as the pace says.
func gaugeValues(e ExampleSeries, step time.Duration, paces []pace) string {
	var parts []string
	for _, p := range paces {
		every := 0
		if p.bad > 0 {
			every = int(math.Ceil(1/p.bad - 1e-9))
		}
		for i := range int(p.span/step) + 1 {
			v := e.Good
			if every > 0 && i%every == every-1 {
				v = e.Bad
			}
			parts = append(parts, number(v))
		}
	}
	return strings.Join(parts, " ")
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func promDuration(d time.Duration) string { return strconv.Itoa(int(d/time.Minute)) + "m" }
