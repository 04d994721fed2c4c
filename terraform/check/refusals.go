package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// refused proves that each validation of a module refuses something with its own
// message. That expect_failures names a variable proves less: any of its twenty
// validations would do. So the runs are repeated without the expectation, each
// alone in a file, and what they say is compared with the sources.
func (c *checker) refused(ctx context.Context, d directory) int {
	dir := filepath.Join(c.work, d.path)
	all, err := validations(filepath.Join(dir, "variables.tf"))
	if err != nil {
		c.problem("%s: %v", d.path, err)
		return 0
	}
	names, err := unexpecting(dir)
	if err != nil {
		c.problem("%s: %v", d.path, err)
		return 0
	}
	said := c.test(ctx, dir, "unexpecting-*.tftest.hcl", false).messages
	seen := 0
	for _, v := range all {
		prefix := "refuses_" + strings.ReplaceAll(v.path, ".", "_")
		ok := false
		for _, name := range names {
			ok = ok || strings.HasPrefix(name, prefix) && strings.Contains(unfold(said[name]), unfold(v.message))
		}
		if !ok {
			c.problem("%s: no run %s… shows that %q is ever said", d.path, prefix, v.message)
			continue
		}
		seen++
	}
	c.refusals += seen
	return seen
}

// unfold undoes Terraform's line breaks.
func unfold(text string) string { return strings.Join(strings.Fields(text), " ") }

// unexpecting writes every run of refusals.tftest.hcl that expects a failure into a
// file of its own, without the expectation, and returns the runs' names.
func unexpecting(dir string) ([]string, error) {
	path := filepath.Join(dir, "tests", "refusals.tftest.hcl")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parsed, diags := hclwrite.ParseConfig(text, path, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	var names []string
	for _, run := range parsed.Body().Blocks() {
		if run.Type() != "run" || run.Body().GetAttribute("expect_failures") == nil {
			continue
		}
		file := hclwrite.NewEmptyFile()
		for _, b := range parsed.Body().Blocks() {
			if b.Type() != "run" {
				file.Body().AppendBlock(b)
			}
		}
		run.Body().RemoveAttribute("expect_failures")
		file.Body().AppendBlock(run)
		name := run.Labels()[0]
		names = append(names, name)
		if err := os.WriteFile(filepath.Join(dir, "tests", fmt.Sprintf("unexpecting-%s.tftest.hcl", name)), file.Bytes(), 0o600); err != nil { //nolint:gosec // G703: the path is of the copy made before
			return nil, err
		}
	}
	return names, nil
}
