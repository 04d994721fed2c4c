package main

import (
	"bytes"
	"os"
	"path/filepath"
)

// wanted are the files of every directory of a kind.
var wanted = map[bool][]string{
	false: {"README.md", "main.tf", "outputs.tf", "tests/plan.tftest.hcl", "tests/refusals.tftest.hcl", "variables.tf", "versions.tf"},
	true:  {"backend.tf", "main.tf", "tests/plan.tftest.hcl"},
}

// same are the files that must not differ by a byte: whatever differs between two
// cells stands in cell.yaml.
var same = []string{
	"cells/*/main.tf", "cells/*/backend.tf", "cells/*/tests/plan.tftest.hcl", "routers/*/main.tf", "*/*/backend.tf",
}

func (c *checker) files(dirs []directory) {
	for _, d := range dirs {
		for _, name := range wanted[d.root] {
			if _, err := os.Stat(filepath.Join(c.work, d.path, name)); err != nil {
				c.problem("%s: has no %s", d.path, name)
			}
		}
	}
	for _, pattern := range same {
		paths, err := filepath.Glob(filepath.Join(c.work, pattern))
		if err != nil || len(paths) < 2 {
			c.problem("%s: found %d of them", pattern, len(paths))
			continue
		}
		first, err := os.ReadFile(paths[0])
		if err != nil {
			c.problem("%v", err)
		}
		for _, path := range paths[1:] {
			if other, err := os.ReadFile(path); err != nil || !bytes.Equal(first, other) {
				c.problem("%s differs from %s: they must be the same bytes", path, paths[0])
			}
		}
	}
	for _, pattern := range []string{"cells/*", "routers/*"} {
		c.onlyData(pattern)
	}
}

// onlyData refuses any file that makes a root differ in more than its data.
func (c *checker) onlyData(pattern string) {
	paths, _ := filepath.Glob(filepath.Join(c.work, pattern)) // the pattern is right
	for _, path := range paths {
		entries, err := os.ReadDir(path)
		if err != nil {
			continue // cell.schema.json stands beside the cells
		}
		for _, e := range entries {
			switch e.Name() {
			case "main.tf", "backend.tf", "cell.yaml", "router.yaml", "tests":
			default:
				c.problem("%s: %s has no place in a root; what differs goes into its YAML, what does not into the module", path, e.Name())
			}
		}
	}
}
