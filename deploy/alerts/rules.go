package alerts

import (
	"bytes"
	"embed"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Runbooks is where the pages are that alerts point to.
const Runbooks = "https://github.com/coditect/platform/blob/main/docs/runbooks/"

// Group is a group of rules, as Prometheus reads it.
type Group struct {
	Name  string `yaml:"name"`
	Rules []Rule `yaml:"rules"`
}

// Rule records a series or alerts.
type Rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// ruleFile is a file of rules.
type ruleFile struct {
	Groups []Group `yaml:"groups"`
}

//go:embed *.rules.yaml
var ruleFiles embed.FS

// Groups returns the groups of every rule file that is checked in.
func Groups() ([]Group, error) {
	entries, err := ruleFiles.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []Group
	for _, e := range entries {
		raw, err := ruleFiles.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		var file ruleFile
		decoder := yaml.NewDecoder(bytes.NewReader(raw))
		decoder.KnownFields(true)
		if err := decoder.Decode(&file); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		all = append(all, file.Groups...)
	}
	return all, nil
}

// Generated returns what slo.rules.yaml has to be.
func Generated() ([]byte, error) {
	slos, err := SLOs()
	if err != nil {
		return nil, err
	}
	var file ruleFile
	for _, s := range slos {
		file.Groups = append(file.Groups, Burn(s))
	}
	raw, err := yaml.Marshal(file)
	return append([]byte("# Made from slo.yaml by \"go generate ./deploy/alerts\". Do not edit.\n"), raw...), err
}
