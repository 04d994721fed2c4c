package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// ReadFile reads a scenario. Overrides are put in place
// of the file's own values before anything is checked.
func ReadFile(path string, overrides ...Override) (*Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	return Parse(path, text, overrides...)
}

// Override changes a field after reading and before checking.
type Override func(*Overridable)

// Overridable is what a command line may change of a scenario.
type Overridable struct {
	URL, Domain, ControlPlane *string
	TenantsFile               *string
	Seed                      *uint64
	Connections               *int
	Engine                    *string
}

// Parse reads a scenario's text; file is its name in messages. Every mistake is
// a [Problem] of the error.
func Parse(file string, text []byte, overrides ...Override) (*Scenario, error) {
	p := &problems{file: file, root: &yaml.Node{}}
	if err := yaml.Unmarshal(text, p.root); err != nil {
		p.decoded(err)
		return nil, p.err()
	}
	var d document
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d); err != nil && !errors.Is(err, io.EOF) {
		p.decoded(err)
		return nil, p.err()
	}
	for _, override := range overrides {
		override(&Overridable{
			URL: &d.Target.URL, Domain: &d.Target.Domain, ControlPlane: &d.Target.ControlPlane, TenantsFile: &d.Tenants.File,
			Seed: &d.Seed, Connections: &d.Load.Connections, Engine: &d.Load.Engine,
		})
	}
	s := p.check(&d)
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}
