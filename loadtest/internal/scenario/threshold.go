package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric is what a threshold bounds.
type Metric string

// Metrics besides the percentiles p50 to p99.99.
const (
	Errors     Metric = "errors"      // share of requests, in percent
	Throughput Metric = "rate"        // answers a second that were no error
	TenantP99  Metric = "tenants.p99" // of the worst of the tenants that are recorded apart
	Max        Metric = "max"
)

// Threshold is a condition that a run must meet.
type Threshold struct {
	Text   string  `json:"text"`
	Phase  string  `json:"phase,omitempty"`
	Step   string  `json:"step,omitempty"`
	Metric Metric  `json:"metric"`
	Op     string  `json:"op"`
	Value  float64 `json:"value"` // milliseconds, percent, or a second
}

var thresholdForm = regexp.MustCompile(`^(?:(phase|step) (\S+) )?(p\d+(?:\.\d+)?|max|errors|rate|tenants\.p99) *(<=|>=|<|>) *(\S+)$`)

// ParseThreshold reads "p99 < 100ms", "errors < 0.1%", "phase soak rate >= 495" or
// "step write p95 < 50ms".
func ParseThreshold(text string) (Threshold, error) {
	m := thresholdForm.FindStringSubmatch(strings.Join(strings.Fields(text), " "))
	if m == nil {
		return Threshold{}, fmt.Errorf("%q is not [phase NAME | step NAME] p99|max|errors|rate|tenants.p99 <|<=|>|>= VALUE", text)
	}
	t := Threshold{Text: text, Metric: Metric(m[3]), Op: m[4]}
	switch m[1] {
	case "phase":
		t.Phase = m[2]
	case "step":
		t.Step = m[2]
	}
	value, err := thresholdValue(t.Metric, m[5])
	if err != nil {
		return t, fmt.Errorf("%q: %w", text, err)
	}
	t.Value = value
	if q, isPercentile := t.Metric.Percentile(); isPercentile && (q <= 0 || q >= 100) {
		return t, fmt.Errorf("%q: there is no percentile %g", text, q)
	}
	if t.Metric == TenantP99 && m[1] != "" {
		return t, fmt.Errorf("%q: tenants.p99 is of the whole run", text)
	}
	return t, nil
}

func thresholdValue(m Metric, text string) (float64, error) {
	switch m {
	case Errors:
		digits, ok := strings.CutSuffix(text, "%")
		if !ok {
			return 0, fmt.Errorf("%q is not a percentage such as 0.1%%", text)
		}
		return strconv.ParseFloat(digits, 64)
	case Throughput:
		return strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 100ms", text)
	}
	return float64(d) / float64(time.Millisecond), nil
}

// Percentile is the number of a percentile metric.
func (m Metric) Percentile() (float64, bool) {
	digits, ok := strings.CutPrefix(string(m), "p")
	if !ok {
		return 0, false
	}
	q, err := strconv.ParseFloat(digits, 64)
	return q, err == nil
}

// Holds reports whether the value meets the threshold.
func (t Threshold) Holds(value float64) bool {
	switch t.Op {
	case "<":
		return value < t.Value
	case "<=":
		return value <= t.Value
	case ">":
		return value > t.Value
	}
	return value >= t.Value
}

// knows says what the threshold names and the scenario does not have.
func (t Threshold) knows(s *Scenario) error {
	if t.Phase != "" && !slices.ContainsFunc(s.Phases, func(p Phase) bool { return p.Name == t.Phase }) {
		return fmt.Errorf("%q: there is no phase %q", t.Text, t.Phase)
	}
	if t.Step != "" && !slices.Contains(s.Steps(), t.Step) {
		return fmt.Errorf("%q: there is no step %q", t.Text, t.Step)
	}
	return nil
}
