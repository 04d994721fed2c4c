package alerts

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SLO is an objective: of events, or of time.
type SLO struct {
	Name      string   `yaml:"name"`
	What      string   `yaml:"what"`      // what is bad, as a sentence
	Objective float64  `yaml:"objective"` // percent that must be good
	Per       []string `yaml:"per"`       // labels
	Bad       string   `yaml:"bad"`       // events, over $window
	Total     string   `yaml:"total"`
	BadWhen   string   `yaml:"bad_when"` // or time: 1 or 0
	Example   Example  `yaml:"example"`
}

// Example is what the cases of an objective are made of.
type Example struct {
	Labels map[string]string `yaml:"labels"`
	Series []ExampleSeries   `yaml:"series"`
}

// ExampleSeries grows with each event; where time is counted, it has the values.
type ExampleSeries struct {
	Name string  `yaml:"name"`
	Good float64 `yaml:"good"`
	Bad  float64 `yaml:"bad"`
}

// budget is the part that may be bad.
func (s SLO) budget() float64 { return 1 - s.Objective/100 }

func (s SLO) ofTime() bool { return s.BadWhen != "" }

//go:embed slo.yaml
var sloYAML []byte

// SLOs returns the objectives of slo.yaml, or what is wrong with them.
func SLOs() ([]SLO, error) { return parseSLOs(sloYAML) }

func parseSLOs(raw []byte) ([]SLO, error) {
	var file struct {
		SLOs []SLO `yaml:"slos"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("slo.yaml: %w", err)
	}
	seen := map[string]bool{}
	for _, s := range file.SLOs {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("slo.yaml: %s: %w", s.Name, err)
		}
		if seen[s.Name] {
			return nil, fmt.Errorf("slo.yaml: %s: there are two", s.Name)
		}
		seen[s.Name] = true
	}
	return file.SLOs, nil
}

// check refuses what would make rules that can never fire.
func (s SLO) check() error {
	switch {
	case s.Name == "" || s.What == "":
		return errors.New("name and what must be said")
	case s.Objective >= 100 || pairs[0].factor*s.budget() >= 1:
		return fmt.Errorf("with an objective of %g%% the fastest burn is either any or impossible", s.Objective)
	case s.ofTime() == (s.Bad != "" || s.Total != ""):
		return errors.New("either bad and total, or bad_when")
	case !s.ofTime() && (!strings.Contains(s.Bad, "[$window]") || !strings.Contains(s.Total, "[$window]")):
		return errors.New("bad and total must count over [$window]")
	}
	return nil
}
