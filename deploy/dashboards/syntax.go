package dashboards

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// choices stand for what Grafana puts in place of variables.
var choices = regexp.MustCompile(`\$[a-z_]+`)

// CheckSyntax has promtool parse every query, as the expression of a rule, and
// returns how many there are. The parser itself is a library of some hundred
// packages.
func CheckSyntax(ctx context.Context) (int, error) {
	all, err := All()
	if err != nil {
		return 0, err
	}
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	type group struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	}
	file := struct {
		Groups []group `yaml:"groups"`
	}{}
	n := 0
	for _, d := range all {
		g := group{Name: d.UID}
		for _, expr := range d.Expressions() {
			n++
			g.Rules = append(g.Rules, rule{fmt.Sprintf("query:%d", n), choices.ReplaceAllString(expr, "5m")})
		}
		file.Groups = append(file.Groups, g)
	}
	raw, err := yaml.Marshal(file)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "dashboards-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "queries.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return 0, err
	}
	if out, err := exec.CommandContext(ctx, "promtool", "check", "rules", path).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("promtool check rules: %w\n%s", err, out)
	}
	return n, nil
}
