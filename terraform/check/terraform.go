package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// command prepares a terraform command in a directory of the copy.
func (c *checker) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.terraform, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its providers
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// prepare initialises a directory, once.
func (c *checker) prepare(ctx context.Context, dir string) error {
	if out, err := c.command(ctx, dir, "init", "-backend=false", "-input=false", "-no-color").CombinedOutput(); err != nil {
		return fmt.Errorf("terraform init: %w\n%s", err, out)
	}
	return nil
}

// directory runs one module's or root's own tests, and judges its plans.
func (c *checker) directory(ctx context.Context, d directory) {
	began := time.Now()
	dir := filepath.Join(c.work, d.path)
	if err := c.prepare(ctx, dir); err != nil {
		c.problem("%s: %v", d.path, err)
		return
	}
	if out, err := c.command(ctx, dir, "validate", "-no-color").CombinedOutput(); err != nil {
		c.problem("%s: terraform validate: %v\n%s", d.path, err, out)
		return
	}
	if out, err := c.command(ctx, dir, "fmt", "-check", "-recursive", "-no-color").CombinedOutput(); err != nil {
		c.problem("%s: terraform fmt would change %s", d.path, bytes.TrimSpace(out))
	}
	tested := c.test(ctx, dir, "plan.tftest.hcl", true)
	if !d.root && !c.quick {
		tested.add(c.test(ctx, dir, "refusals.tftest.hcl", false))
	}
	c.runs += tested.passed
	for _, f := range tested.failures {
		c.problem("%s: %s", d.path, f)
	}
	for run, plan := range tested.plans {
		c.plans++
		for _, f := range judge(plan) {
			c.problem("%s, %s: %s", d.path, run, f)
		}
		if n := plan.resources(); d.root {
			c.largest = max(c.largest, n)
		}
	}
	refused := 0
	if !d.root {
		refused = c.refused(ctx, d)
		if c.quick {
			c.runs += refused
		}
	}
	c.progress(began, d.path, "%d runs, %d plans judged, %d refusals", tested.passed, len(tested.plans), refused)
}

// tested is what a terraform test did.
type tested struct {
	passed   int
	failures []string
	plans    map[string]plan   // by run
	messages map[string]string // by run: the error that it ended with
}

func (t *tested) add(other tested) {
	t.passed += other.passed
	t.failures = append(t.failures, other.failures...)
}

// event is a line of terraform test -json.
type event struct {
	Type string `json:"type"`
	File string `json:"@testfile"`
	Run  string `json:"@testrun"`
	Test struct {
		Status   string `json:"status"`
		Progress string `json:"progress"`
	} `json:"test_run"`
	Diagnostic struct {
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Detail   string `json:"detail"`
	} `json:"diagnostic"`
	Plan *plan `json:"test_plan"`
}

// test runs the files of tests/ that match, and reads what is printed as it comes.
func (c *checker) test(ctx context.Context, dir, files string, verbose bool) tested {
	args := []string{"test", "-json"}
	if verbose {
		args = append(args, "-verbose")
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "tests", files)) // the pattern is right
	for _, path := range paths {
		args = append(args, "-filter=tests/"+filepath.Base(path))
	}
	t := tested{plans: map[string]plan{}, messages: map[string]string{}}
	cmd := c.command(ctx, dir, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.failures = append(t.failures, err.Error())
		return t
	}
	t.read(out)
	if err := cmd.Wait(); err != nil && len(t.failures) == 0 {
		t.failures = append(t.failures, fmt.Sprintf("terraform test: %v\n%s", err, errs.Bytes()))
	}
	return t
}

func (t *tested) read(out io.Reader) {
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			t.line(line)
		}
		if err != nil {
			return
		}
	}
}

func (t *tested) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		t.failures = append(t.failures, fmt.Sprintf("terraform test printed %.200q: %v", line, err))
		return
	}
	switch {
	case e.Plan != nil:
		t.plans[e.Run] = *e.Plan
	case e.Type == "diagnostic" && e.Diagnostic.Severity == "error":
		text := strings.TrimSpace(e.Diagnostic.Summary + ": " + e.Diagnostic.Detail)
		t.messages[e.Run] += text
		t.failures = append(t.failures, e.Run+": "+text)
	case e.Type == "test_run" && e.Test.Progress == "complete" && e.Test.Status == "pass":
		t.passed++
	}
}
