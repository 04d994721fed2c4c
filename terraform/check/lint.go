package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"time"
)

// lint runs tflint over every directory, with the configuration beside the sources.
func (c *checker) lint(ctx context.Context, only string) {
	if c.tflint == "" {
		c.problem("tflint was not run: -tflint says where it is")
		return
	}
	began := time.Now()
	dirs, err := directories(c.work)
	if err != nil {
		c.problem("%v", err)
		return
	}
	config, err := filepath.Abs(filepath.Join(c.work, ".tflint.hcl"))
	if err != nil {
		c.problem("%v", err)
		return
	}
	dirs = matching(dirs, only)
	for _, d := range dirs {
		args := []string{"--config", config, "--no-color"}
		if d.root { // has no variables, and its outputs stand in the one file that all cells share
			args = append(args, "--disable-rule=terraform_standard_module_structure")
		}
		cmd := exec.CommandContext(ctx, c.tflint, args...)
		cmd.Dir = filepath.Join(c.work, d.path)
		if out, err := cmd.CombinedOutput(); err != nil {
			c.problem("%s: tflint: %v\n%s", d.path, err, out)
		}
	}
	c.progress(began, "tflint", "%d directories", len(dirs))
}
