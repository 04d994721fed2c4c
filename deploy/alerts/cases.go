package alerts

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Trial is what is expected of one alert, written by hand in cases.yaml.
type Trial struct {
	Alert  string            `yaml:"alert"`
	Labels map[string]string `yaml:"labels"` // of the alert that fires, severity left out
	At     string            `yaml:"at"`     // when all three are looked at
	Firing map[string]string `yaml:"firing"` // series → values, in promtool's notation, a minute apart
	Quiet  map[string]string `yaml:"quiet"`  // just below
	// Absent says what the alert does when its metrics are absent, in a Prometheus
	// that has other ones: silent or firing.
	Absent string `yaml:"absent"`
}

// unit is one of promtool's tests.
type unit struct {
	Interval string       `yaml:"interval"`
	Input    []series     `yaml:"input_series"`
	Alerts   []expectance `yaml:"alert_rule_test"`
}

type series struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// expectance is one case: an alert at a moment, and the alerts of its name that
// fire then.
type expectance struct {
	At       string  `yaml:"eval_time"`
	Alert    string  `yaml:"alertname"`
	Expected []fired `yaml:"exp_alerts,omitempty"`
}

type fired struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

//go:embed cases.yaml
var casesYAML []byte

// Trials returns the cases that were written by hand.
func Trials() ([]Trial, error) {
	var file struct {
		Cases []Trial `yaml:"cases"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(casesYAML))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("cases.yaml: %w", err)
	}
	return file.Cases, nil
}

// units makes promtool's tests of a trial.
func (t Trial) units(rule Rule) ([]unit, error) {
	if t.Absent != "silent" && t.Absent != "firing" {
		return nil, fmt.Errorf("cases.yaml: %s: absent is silent or firing, not %q", t.Alert, t.Absent)
	}
	fires := []fired{rule.fired(t.Labels)}
	var whenAbsent []fired
	if t.Absent == "firing" {
		whenAbsent = fires
	}
	// promtool evaluates nothing if no series is loaded at all.
	other := map[string]string{"some_other_metric": "0+0x4400"}
	return []unit{
		t.unit(t.Firing, fires),
		t.unit(t.Quiet, nil),
		t.unit(other, whenAbsent),
	}, nil
}

func (t Trial) unit(input map[string]string, expected []fired) unit {
	u := unit{Interval: "1m", Alerts: []expectance{{At: t.At, Alert: t.Alert, Expected: expected}}}
	for name, values := range input {
		u.Input = append(u.Input, series{name, values})
	}
	slices.SortFunc(u.Input, func(a, b series) int { return strings.Compare(a.Series, b.Series) })
	return u
}

// fired is how the rule's alert looks when it fires with the labels. Rules use
// no other templates than labels: what changes with each evaluation would send
// the alert again.
func (r Rule) fired(labels map[string]string) fired {
	f := fired{Labels: map[string]string{}, Annotations: map[string]string{}}
	for name, v := range r.Labels {
		f.Labels[name] = v
	}
	for name, v := range labels {
		f.Labels[name] = v
	}
	for name, text := range r.Annotations {
		for label, v := range labels {
			text = strings.ReplaceAll(text, "{{ $labels."+label+" }}", v)
		}
		f.Annotations[name] = text
	}
	return f
}
