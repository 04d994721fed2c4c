package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// cells checks every cell.yaml against the schema, the schema against the module's
// variable, and that no two networks of the fleet overlap.
func (c *checker) cells() {
	schemaFile := filepath.Join(c.work, "cells", "cell.schema.json")
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		c.problem("%v", err)
		return
	}
	c.sameFields(schemaFile)

	networks := map[string]netip.Prefix{}
	paths, _ := filepath.Glob(filepath.Join(c.work, "cells", "*", "cell.yaml")) // the pattern is right
	for _, path := range paths {
		cell, err := readYAML(path)
		if err != nil {
			c.problem("%v", err)
			continue
		}
		if err := schema.Validate(cell); err != nil {
			c.problem("%s: %v", path, err)
			continue
		}
		fields, _ := cell.(map[string]any) // the schema says so
		name := filepath.Base(filepath.Dir(path))
		if fields["id"] != name {
			c.problem("%s: id is %v; it must be the directory's name, which also names the state", path, fields["id"])
		}
		networks[name] = c.prefix(path, fields["cidr"])
	}
	c.fleetNetworks(networks)
	for a, first := range networks {
		for b, second := range networks {
			if a < b && first.Overlaps(second) {
				c.problem("networks of %s (%v) and %s (%v) overlap", a, first, b, second)
			}
		}
	}
}

func (c *checker) prefix(where string, text any) netip.Prefix {
	p, err := netip.ParsePrefix(fmt.Sprint(text))
	if err != nil {
		c.problem("%s: %v", where, err)
	}
	return p
}

// fleetNetworks adds what is no cell: control plane, routers, operators.
func (c *checker) fleetNetworks(networks map[string]netip.Prefix) {
	path := filepath.Join(c.work, "fleet.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		c.problem("%v", err)
		return
	}
	var fleet struct {
		ControlPlane struct{ CIDR string } `yaml:"control_plane"`
		Routers      map[string]string
		Operators    map[string]string
	}
	if err := yaml.Unmarshal(text, &fleet); err != nil {
		c.problem("%s: %v", path, err)
		return
	}
	networks["control plane"] = c.prefix(path, fleet.ControlPlane.CIDR)
	for _, others := range []map[string]string{fleet.Routers, fleet.Operators} {
		for name, cidr := range others {
			networks["fleet "+name] = c.prefix(path, cidr)
		}
	}
}

func readYAML(path string) (any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}

// sameFields compares the schema's properties with the fields of the module's
// variable: Terraform drops fields that it does not know without a word, so
// nothing else would notice that one of the two has got ahead.
func (c *checker) sameFields(schemaFile string) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		c.problem("%v", err)
		return
	}
	var schema property
	if err := json.Unmarshal(text, &schema); err != nil {
		c.problem("%s: %v", schemaFile, err)
		return
	}
	want, err := variableFields(filepath.Join(c.work, "modules", "cell", "variables.tf"), "cell")
	if err != nil {
		c.problem("%v", err)
		return
	}
	if got := schema.fields(); !reflect.DeepEqual(got, want) {
		c.problem("cell.schema.json and the variable of modules/cell differ:\n%v\n%v", got, want)
	}
}

// property is a part of a JSON schema.
type property struct {
	Type       string              `json:"type"`
	Properties map[string]property `json:"properties"`
}

// fields is the tree of names; a leaf is nil.
func (p property) fields() fields {
	if len(p.Properties) == 0 {
		return nil
	}
	out := fields{}
	for name, child := range p.Properties {
		out[name] = child.fields()
	}
	return out
}

// fields is a tree of field names; what has none below it is nil.
type fields map[string]fields
