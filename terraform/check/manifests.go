package main

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// inManifests calls do for each Kubernetes object of the plan's output
// "manifests", of one kind or of any. What is known only after apply is not there:
// the modules' own plans know all of it.
func inManifests(p *plan, kind string, do func(r resource, m map[string]any)) {
	text, _ := p.Outputs["manifests"].After.(string)
	documents := yaml.NewDecoder(strings.NewReader(text))
	for {
		var m map[string]any
		err := documents.Decode(&m)
		if errors.Is(err, io.EOF) {
			return
		}
		var r resource
		if err != nil {
			r.Address = "output.manifests: " + err.Error()
			do(r, map[string]any{})
			return
		}
		k, _ := m["kind"].(string)
		name, _ := descend(m, "metadata.name").(string)
		r.Address = "output.manifests: " + k + " " + name
		if kind == "" || kind == k {
			do(r, m)
		}
	}
}

// images lists the values of every field called image, at any depth.
func images(v any) []string {
	var found []string
	switch v := v.(type) {
	case []any:
		for _, child := range v {
			found = append(found, images(child)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if s, ok := v[key].(string); ok && key == "image" {
				found = append(found, s)
			}
			found = append(found, images(v[key])...)
		}
	}
	return found
}
