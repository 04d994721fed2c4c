package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// kubectl stands in for the real one: it notes what it is asked, and what it is given.
const kubectl = `#!/bin/bash
echo "$*" >> "$CALLS"
case "$*" in
  *" get deployment api "*) echo "example.com/cell@$RUNS" ;;
  *" kustomize "*) echo "# manifests of ${!#}" ;;
  *" apply "*) sed 's/^/given: /' >> "$CALLS" ;;
esac
`

// applyScript runs deploy/kubernetes/apply on a copy of the overlays.
func (c *checker) applyScript(ctx context.Context) {
	dir, err := os.MkdirTemp("", "apply-*")
	if err != nil {
		c.fail("apply: %v", err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a copy in the system's own directory for such
	c.report("apply", applied(ctx, filepath.Join(c.root, "deploy", "kubernetes"), dir))
}

func applied(ctx context.Context, from, dir string) (findings []string) {
	find := finder("apply", &findings)
	if err := os.CopyFS(filepath.Join(dir, "kubernetes"), os.DirFS(from)); err != nil {
		return []string{err.Error()}
	}
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte(kubectl), 0o700); err != nil { //nolint:gosec // G306: a program
		return []string{err.Error()}
	}
	file := filepath.Join(dir, "kubernetes", "cells", "cell-a", "kustomization.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		return []string{err.Error()}
	}
	digest := "sha256:" + strings.Repeat("4f", 32)
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, filepath.Join(dir, "kubernetes", "apply"), args...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "CALLS="+filepath.Join(dir, "calls"), "RUNS="+digest)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := run("version", "cell-a"); err != nil || out != digest {
		find("version: %q, %v", out, err)
	}
	for range 2 { // it may be repeated
		if out, err := run("apply", "cell-a", digest); err != nil {
			find("apply: %v: %s", err, out)
		}
	}
	after, err := os.ReadFile(file)
	if err != nil || strings.Count(string(after), digest) != 1 || len(after) != len(before) || !strings.Contains(string(after), "images/cell\n    digest: "+digest) {
		find("kustomization.yaml became %s (%v)", after, err)
	}
	order(filepath.Join(dir, "calls"), find)
	for _, args := range [][]string{{"apply", "cell-a", "v2"}, {"apply", "../cell-a", digest}, {"apply", "cell-x", digest}, {"remove", "cell-a"}, {"apply"}} {
		if out, err := run(args...); err == nil || out == "" {
			find("%q was accepted: %s", args, out)
		}
	}
	return findings
}

// order looks at what kubectl was asked, and in which order.
func order(path string, find func(string, ...any)) {
	calls, err := os.ReadFile(path)
	if err != nil {
		find("%v", err)
		return
	}
	text := string(calls)
	for _, want := range []string{"delete job schema", "apply --server-side", "given: # manifests of ", "wait --for=condition=complete job/schema", "rollout status deployment/api", "rollout status deployment/worker"} {
		at := strings.Index(text, want)
		if at < 0 {
			find("kubectl was not asked to %s, in its turn:\n%s", want, calls)
			return
		}
		text = text[at:]
	}
	for line := range strings.Lines(string(calls)) {
		if !strings.HasPrefix(line, "given: ") && !strings.HasPrefix(line, "--context cell-a --namespace cell ") {
			find("kubectl was asked of another cluster: %s", fmt.Sprintf("%q", line))
		}
	}
}
