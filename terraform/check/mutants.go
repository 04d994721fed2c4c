package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// mutants plants the mistakes in a second copy and has the plans judged.
func (c *checker) mutants(ctx context.Context, only string) {
	work := c.work + "-mutants"
	if err := os.RemoveAll(work); err != nil {
		c.problem("%v", err)
		return
	}
	if err := copyTree(c.source, work); err != nil {
		c.problem("%v", err)
		return
	}
	for _, d := range []string{"network", "gke", "postgres", "citus", "redis", "rabbitmq", "storage", "secrets", "iam", "armor", "edge", "observability", "control-plane"} {
		if path := "modules/" + d; strings.Contains(path, only) && ctx.Err() == nil {
			c.plant(ctx, filepath.Join(work, path), d)
		}
	}
}

// plant breaks one module in all its ways and counts what is noticed.
func (c *checker) plant(ctx context.Context, dir, name string) {
	began := time.Now()
	for _, m := range mutantsOf[name] {
		if err := m.plant(dir); err != nil {
			c.problem("mutant of %s: %v", name, err)
		}
	}
	if err := onePlan(filepath.Join(dir, "tests", "plan.tftest.hcl")); err != nil {
		c.problem("mutants of %s: %v", name, err)
		return
	}
	if err := c.prepare(ctx, dir); err != nil {
		c.problem("mutants of %s: %v", name, err)
		return
	}
	t := c.test(ctx, dir, "plan.tftest.hcl", true)
	if len(t.plans) != 1 {
		c.problem("mutants of %s: no plan: %s", name, strings.Join(t.failures, "\n"))
		return
	}
	var said []string
	for _, p := range t.plans {
		for _, f := range judge(p) {
			said = append(said, f.String())
		}
	}
	caught := 0
	for _, m := range mutantsOf[name] {
		c.mutated++
		if !anyBegins(said, m.found) {
			c.problem("mutant of %s: %q instead of %q goes unnoticed (want %q)", name, m.bad, m.old, m.found)
			continue
		}
		caught++
	}
	c.caught += caught
	c.progress(began, "mutants of "+name, "%d of %d caught", caught, len(mutantsOf[name]))
}

func (m mutant) plant(dir string) error {
	path := filepath.Join(dir, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), m.old) {
		return fmt.Errorf("%s does not have %q", m.file, m.old)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), m.old, m.bad, 1)), 0o600) //nolint:gosec // G703: the path is of the copy made before
}

// onePlan leaves one run in a file of tests, without assertions: those are not what
// is tested here.
func onePlan(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, diags := hclwrite.ParseConfig(text, path, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	first := true
	for _, b := range file.Body().Blocks() {
		if b.Type() != "run" {
			continue
		}
		if !first {
			file.Body().RemoveBlock(b)
			continue
		}
		first = false
		for _, inner := range b.Body().Blocks() {
			if inner.Type() == "assert" {
				b.Body().RemoveBlock(inner)
			}
		}
	}
	return os.WriteFile(path, file.Bytes(), 0o600) //nolint:gosec // G703: likewise
}

func anyBegins(lines []string, prefix string) bool {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}
