package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Bars of the figures.
const (
	fewestRuns    = 150
	fewestMutants = 20
	mostResources = 100 // in one state: a plan stays readable, and a mistake small
)

// checker carries what the checks share, and what they found.
type checker struct {
	source, work      string
	terraform, tflint string
	out               io.Writer
	quick             bool

	runs, refusals, plans, caught, mutated int
	largest                                int // resources of the largest root
	problems                               int
}

// problem notes something that is wrong.
func (c *checker) problem(format string, args ...any) {
	c.problems++
	fmt.Fprintf(c.out, "  problem: %s\n", strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", "\n    "))
}

func (c *checker) progress(began time.Time, what string, format string, args ...any) {
	fmt.Fprintf(c.out, "%-26s %5.1f s  %s\n", what, time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}

// figure prints a line as the other measurements of the repository do.
func (c *checker) figure(name string, value int, unit, op string, bound int) {
	ok := op == ">=" && value >= bound || op == "<=" && value <= bound
	verdict := "ok"
	if !ok {
		verdict = "short"
		c.problems++
	}
	fmt.Fprintf(c.out, "figure %s %d %s bar %s %d %s\n", name, value, unit, op, bound, verdict)
}

func (c *checker) summary(whole bool) error {
	if whole {
		c.figure("terraform_runs", c.runs, "runs", ">=", fewestRuns)
		c.figure("terraform_refusals", c.refusals, "validations", ">=", 1)
		c.figure("terraform_plans_judged", c.plans, "plans", ">=", 1)
		c.figure("terraform_mutants_caught", c.caught, "mutants", ">=", max(c.mutated, fewestMutants))
		c.figure("terraform_largest_root", c.largest, "resources", "<=", mostResources)
	}
	if c.problems > 0 {
		return fmt.Errorf("%d problems", c.problems)
	}
	return nil
}

// copySources makes the copy that everything runs on. What Terraform put there
// before is gone: a passing test must not depend on it.
func (c *checker) copySources() error {
	if err := os.RemoveAll(c.work); err != nil {
		return err
	}
	return copyTree(c.source, c.work)
}

// copyTree copies a directory without Terraform's own files and without Go.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (d.Name() == ".terraform" || rel == "check"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o750)
		case d.Name() == ".terraform.lock.hcl":
			return nil
		}
		content, err := os.ReadFile(path) //nolint:gosec // G122: the sources are ours, and nobody changes them meanwhile
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), content, 0o600) //nolint:gosec // G703: likewise
	})
}
