package alerts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pair is a pace of burning, and the windows over both of which it must be met.
type pair struct {
	factor      float64
	long, short string
}

// pairs are those of the SRE workbook: the first two burn 2 % of a budget of 30
// days in an hour, 5 % in six; the others 10 % in one day and in three.
var pairs = []pair{{14.4, "1h", "5m"}, {6, "6h", "30m"}, {3, "1d", "2h"}, {1, "3d", "6h"}}

// windows are all that occur in pairs, the shortest first.
var windows = []string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"}

// speed is one of an objective's two alerts.
type speed struct {
	suffix, severity, wait, consequence string
	pairs                               []pair
}

var speeds = []speed{
	{"BurnsFast", "critical", "2m", "In days nothing is left of the budget of 30.", pairs[:2]},
	{"BurnsSlowly", "warning", "15m", "At this pace the budget does not last 30 days.", pairs[2:]},
}

// Burn makes an objective's rules.
func Burn(s SLO) Group {
	g := Group{Name: "slo " + s.Name}
	label := map[string]string{"slo": s.Name}
	g.Rules = append(g.Rules, Rule{Record: "slo:budget", Expr: fmt.Sprintf("vector(%s)", strconv.FormatFloat(s.budget(), 'g', 6, 64)), Labels: label})
	if s.ofTime() {
		g.Rules = append(g.Rules, Rule{Record: "slo:bad", Expr: s.BadWhen, Labels: label})
	}
	for _, w := range windows {
		g.Rules = append(g.Rules, Rule{Record: ratioName(w), Expr: s.ratio(w), Labels: label})
	}
	for _, v := range speeds {
		g.Rules = append(g.Rules, s.alert(v))
	}
	return g
}

func ratioName(window string) string { return "slo:bad_ratio:" + window }

// ratio is the part that was bad. Without a bad event ever the series of bad
// ones may be missing, which is none; without events there is no ratio.
func (s SLO) ratio(window string) string {
	if s.ofTime() {
		return fmt.Sprintf("avg_over_time(slo:bad{slo=%q}[%s])", s.Name, window)
	}
	bad, total := strings.ReplaceAll(s.Bad, "$window", window), strings.ReplaceAll(s.Total, "$window", window)
	return fmt.Sprintf("((%s) or 0 * (%s)) / (%s)", bad, total, total)
}

func (s SLO) alert(v speed) Rule {
	var either []string
	for _, p := range v.pairs {
		over := func(w string) string {
			return fmt.Sprintf("%s{slo=%q} > %s", ratioName(w), s.Name, strconv.FormatFloat(p.factor*s.budget(), 'g', 6, 64))
		}
		either = append(either, "("+over(p.long)+" and "+over(p.short)+")")
	}
	where := ""
	for _, l := range s.Per {
		where += " of {{ $labels." + l + " }}"
	}
	return Rule{
		Alert: s.Name + v.suffix, Expr: strings.Join(either, " or "), For: v.wait,
		Labels: map[string]string{"severity": v.severity},
		Annotations: map[string]string{
			"summary":     fmt.Sprintf("%s%s %s", s.Name, where, map[string]string{"BurnsFast": "burns its budget fast", "BurnsSlowly": "burns its budget"}[v.suffix]),
			"description": fmt.Sprintf("%s At most %.3g%% may be. %s", s.What, 100*s.budget(), v.consequence),
			"runbook_url": Runbooks + s.Name + ".md",
		},
	}
}

// span is a window as a duration.
func span(window string) time.Duration {
	days, isDays := strings.CutSuffix(window, "d")
	if !isDays {
		d, err := time.ParseDuration(window)
		if err != nil {
			panic(err) // of a constant above
		}
		return d
	}
	n, err := strconv.Atoi(days)
	if err != nil {
		panic(err)
	}
	return time.Duration(n) * 24 * time.Hour
}
