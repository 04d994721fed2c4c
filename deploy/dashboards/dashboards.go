// Package dashboards holds Grafana's dashboards: written in short in
// dashboards.yaml, made into the JSON files beside it that Grafana reads
// (provisioning.yaml). A test fails when they are stale, or when a query names a
// metric that no program registers, or when a Prometheus' engine does not answer a query with
// the value that values.yaml states; "make test-alerts" checks the queries' syntax.
package dashboards

//go:generate go run ./cmd/dashboards

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Dashboard is one of dashboards.yaml.
type Dashboard struct {
	UID       string            `yaml:"uid"`
	Title     string            `yaml:"title"`
	Variables map[string]string `yaml:"variables"` // a label, and the metric that has all its values
	Panels    []Panel           `yaml:"panels"`
}

// Panel shows one or more queries.
type Panel struct {
	Title   string            `yaml:"title"`
	Kind    string            `yaml:"kind"` // timeseries, the default, or stat
	Unit    string            `yaml:"unit"` // as Grafana names it
	About   string            `yaml:"about"`
	Queries map[string]string `yaml:"queries"` // by legend
}

//go:embed dashboards.yaml
var source []byte

// All returns the dashboards, or what is wrong with their description.
func All() ([]Dashboard, error) {
	var file struct {
		Dashboards []Dashboard `yaml:"dashboards"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("dashboards.yaml: %w", err)
	}
	for _, d := range file.Dashboards {
		for _, p := range d.Panels {
			if d.UID == "" || d.Title == "" || p.Title == "" || p.Unit == "" || p.About == "" || len(p.Queries) == 0 {
				return nil, fmt.Errorf("dashboards.yaml: %s: %s lacks a title, unit, query or what it is about", d.Title, p.Title)
			}
		}
	}
	return file.Dashboards, nil
}

// Expressions returns the queries of every panel, and of the variables.
func (d Dashboard) Expressions() []string {
	all := slices.Sorted(maps.Values(d.Variables))
	for _, p := range d.Panels {
		all = append(all, slices.Sorted(maps.Values(p.Queries))...)
	}
	return all
}
