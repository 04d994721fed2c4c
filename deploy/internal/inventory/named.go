package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	matchers   = regexp.MustCompile(`\{[^}]*\}`)
	ranges     = regexp.MustCompile(`\[[^\]]*\]`)
	grouping   = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	identifier = regexp.MustCompile(`\b[a-zA-Z_][a-zA-Z0-9_:]*\b\s*\(?`)
	bucketOf   = regexp.MustCompile(`([a-z_]+)_bucket\{[^}]*\ble="([^"]+)"`)
)

// keywords are PromQL's operators and modifiers; what is followed by "(" is a
// function.
var keywords = []string{"and", "or", "unless", "bool", "offset", "inf", "nan"}

// Named returns the metrics that a PromQL expression names. Recorded series
// (with a colon) are not among them. promtool has checked the syntax elsewhere.
func Named(expr string) []string {
	for _, cut := range []*regexp.Regexp{quoted, matchers, ranges, grouping} {
		expr = cut.ReplaceAllString(expr, " ")
	}
	var names []string
	for _, id := range identifier.FindAllString(expr, -1) {
		name := strings.TrimSpace(id)
		if strings.HasSuffix(name, "(") || strings.Contains(name, ":") || slices.Contains(keywords, strings.ToLower(name)) || slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
	}
	return names
}

// Check says what an expression names that is not among the metrics: a metric,
// or a bound of a histogram's bucket.
func Check(expr string, metrics map[string]Metric) error {
	for _, name := range Named(expr) {
		if _, ok := base(name, metrics); !ok {
			return fmt.Errorf("no program registers %s (in %s)", name, expr)
		}
	}
	for _, m := range bucketOf.FindAllStringSubmatch(expr, -1) {
		histogram := metrics[m[1]]
		bound, err := strconv.ParseFloat(m[2], 64)
		if err != nil || (histogram.Buckets != nil && !slices.Contains(histogram.Buckets, bound)) {
			return fmt.Errorf("%s has no bucket up to %s (in %s)", m[1], m[2], expr)
		}
	}
	return nil
}

// base finds the metric that a series belongs to: a histogram has three.
func base(name string, metrics map[string]Metric) (Metric, bool) {
	if m, ok := metrics[name]; ok {
		return m, m.Type != "histogram"
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if cut, ok := strings.CutSuffix(name, suffix); ok && metrics[cut].Type == "histogram" {
			return metrics[cut], true
		}
	}
	return Metric{}, false
}
