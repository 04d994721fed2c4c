package dashboards

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Values says what every query answers on some series: values.yaml.
type Values struct {
	Series map[string]string `yaml:"series"` // in promtool's notation, a minute apart
	// Expected are samples (labels → value), by dashboard, panel and legend.
	Expected map[string]map[string]map[string]map[string]float64 `yaml:"expected"`
}

//go:embed values.yaml
var valuesYAML []byte

// AllValues returns what values.yaml states.
func AllValues() (Values, error) {
	var v Values
	decoder := yaml.NewDecoder(bytes.NewReader(valuesYAML))
	decoder.KnownFields(true)
	if err := decoder.Decode(&v); err != nil {
		return v, fmt.Errorf("values.yaml: %w", err)
	}
	return v, nil
}

// What the test puts in place of Grafana's variables: "All", and what Grafana
// would reckon with a scrape a minute.
var (
	anyValue     = regexp.MustCompile(`"\$[a-z]+"`)
	rateInterval = strings.NewReplacer("$__rate_interval", "5m")
)

// evaluated is the query as a Prometheus sees it.
func evaluated(query string) string {
	return anyValue.ReplaceAllString(rateInterval.Replace(query), `".*"`)
}

// precision makes numbers whole that promtool compares digit by digit.
const precision = 1e6

type series struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type sample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

type trial struct {
	Expr    string   `yaml:"expr"`
	At      string   `yaml:"eval_time"`
	Samples []sample `yaml:"exp_samples"`
}

// CheckValues has a Prometheus' engine evaluate every query of every panel, and
// returns how many there are, or what differs from values.yaml. A query without
// a value, and a value without a query, are errors.
func CheckValues(ctx context.Context) (int, error) {
	trials, input, err := trialsOf()
	if err != nil {
		return 0, err
	}
	type unit struct {
		Interval string   `yaml:"interval"`
		Input    []series `yaml:"input_series"`
		Trials   []trial  `yaml:"promql_expr_test"`
	}
	raw, err := yaml.Marshal(map[string]any{"evaluation_interval": "1m", "tests": []unit{{"1m", input, trials}}})
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "dashboards-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "values.test.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return 0, err
	}
	if out, err := exec.CommandContext(ctx, "promtool", "test", "rules", path).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("promtool test rules: %w\n%s", err, out)
	}
	return len(trials), nil
}

func trialsOf() (trials []trial, input []series, err error) {
	all, err := All()
	if err != nil {
		return nil, nil, err
	}
	values, err := AllValues()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values.Series)) {
		input = append(input, series{name, values.Series[name]})
	}
	for _, d := range all {
		for _, p := range d.Panels {
			for _, legend := range slices.Sorted(maps.Keys(p.Queries)) {
				expected := values.Expected[d.Title][p.Title][legend]
				if len(expected) == 0 {
					return nil, nil, fmt.Errorf("values.yaml: nothing is expected of %s: %s: %s", d.Title, p.Title, legend)
				}
				delete(values.Expected[d.Title][p.Title], legend)
				trials = append(trials, trialOf(p.Queries[legend], expected))
			}
		}
	}
	for title, panels := range values.Expected {
		for panel, legends := range panels {
			for legend := range legends {
				return nil, nil, fmt.Errorf("values.yaml: no panel has the query %s: %s: %s", title, panel, legend)
			}
		}
	}
	return trials, input, nil
}

func trialOf(query string, expected map[string]float64) trial {
	t := trial{Expr: fmt.Sprintf("round((%s) * %g)", evaluated(query), precision), At: "70m"}
	for _, labels := range slices.Sorted(maps.Keys(expected)) {
		t.Samples = append(t.Samples, sample{labels, math.Round(expected[labels] * precision)})
	}
	return t
}
