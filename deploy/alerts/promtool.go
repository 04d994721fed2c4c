package alerts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// testFile is a file of promtool's tests.
type testFile struct {
	RuleFiles []string `yaml:"rule_files"`
	Interval  string   `yaml:"evaluation_interval"`
	Tests     []unit   `yaml:"tests"`
}

// Check runs promtool over every rule with every case and returns how many
// cases there were, or what promtool says of those that failed.
func Check(ctx context.Context) (cases int, err error) {
	dir, err := os.MkdirTemp("", "alerts-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cases, files, err := write(dir)
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, "promtool", append([]string{"test", "rules"}, files...)...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("promtool test rules: %w\n%s", err, out)
	}
	return cases, nil
}

// write puts each alert, with what it needs, and its tests into files of their
// own: promtool evaluates every rule it is given at every step of every test.
func write(dir string) (cases int, files []string, err error) {
	groups, err := Groups()
	if err != nil {
		return 0, nil, err
	}
	units, err := unitsByGroup(groups)
	if err != nil {
		return 0, nil, err
	}
	for _, g := range groups {
		type key struct{ alert, step string }
		tests := map[key][]unit{}
		for _, u := range units[g.Name] {
			k := key{u.Alerts[0].Alert, u.Interval}
			tests[k] = append(tests[k], u)
			cases += len(u.Alerts)
		}
		for k, of := range tests {
			rules := k.alert + ".rules.yaml"
			if err := writeYAML(filepath.Join(dir, rules), ruleFile{[]Group{g.only(k.alert)}}); err != nil {
				return 0, nil, err
			}
			file := filepath.Join(dir, k.alert+"."+k.step+".test.yaml")
			if err := writeYAML(file, testFile{[]string{rules}, k.step, of}); err != nil {
				return 0, nil, err
			}
			files = append(files, file)
		}
	}
	return cases, files, nil
}

// only returns the alert and the recording rules before it that it needs.
func (g Group) only(alert string) Group {
	needed := Group{Name: g.Name}
	i := slices.IndexFunc(g.Rules, func(r Rule) bool { return r.Alert == alert })
	exprs := g.Rules[i].Expr
	for _, r := range slices.Backward(g.Rules[:i]) {
		if r.Record != "" && strings.Contains(exprs, r.Record+"{") {
			needed.Rules = append(needed.Rules, r)
			exprs += r.Expr
		}
	}
	slices.Reverse(needed.Rules)
	needed.Rules = append(needed.Rules, g.Rules[i])
	return needed
}

// unitsByGroup returns the tests of every group; an alert without any is an error.
func unitsByGroup(groups []Group) (map[string][]unit, error) {
	slos, err := SLOs()
	if err != nil {
		return nil, err
	}
	trials, err := Trials()
	if err != nil {
		return nil, err
	}
	units := map[string][]unit{}
	burns := map[string]SLO{}
	for _, s := range slos {
		burns["slo "+s.Name] = s
	}
	trialOf := map[string]Trial{}
	for _, t := range trials {
		trialOf[t.Alert] = t
	}
	for _, g := range groups {
		if s, ok := burns[g.Name]; ok {
			units[g.Name] = burnUnits(s, g)
			continue
		}
		for _, r := range g.Rules {
			t, ok := trialOf[r.Alert]
			if !ok {
				return nil, fmt.Errorf("%s has no case in cases.yaml", r.Alert)
			}
			delete(trialOf, r.Alert)
			made, err := t.units(r)
			if err != nil {
				return nil, err
			}
			units[g.Name] = append(units[g.Name], made...)
		}
	}
	for name := range trialOf {
		return nil, fmt.Errorf("cases.yaml: no rule is named %s", name)
	}
	return units, nil
}

func writeYAML(path string, v any) error {
	raw, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}
