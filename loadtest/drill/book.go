package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// runbooks are the pages that drills follow.
const runbooks = "docs/runbooks/disasters"

// commands returns the block of a runbook that is marked with the name:
//
//	```sh run=NAME
func commands(page, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(runbooks, page+".md"))
	if err != nil {
		return "", err
	}
	_, after, found := strings.Cut(string(text), "```sh run="+name+"\n")
	block, _, ended := strings.Cut(after, "\n```")
	if !found || !ended {
		return "", fmt.Errorf("%s has no block of commands %q", page, name)
	}
	return block, nil
}

// follow runs a block of a runbook as an operator would, in a shell that ends at
// the first command that fails. Its words in capitals are variables. It returns
// what was printed, and the exit code.
func (w *world) follow(ctx context.Context, page, name string, variables ...string) (output string, code int, err error) {
	block, err := commands(page, name)
	if err != nil {
		return "", 0, err
	}
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", block)
	cmd.Dir = w.dir
	cmd.Env = slices.Concat(variables, w.environment) // the terminal's own win: PATH is of it
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	w.say("%s/%s: exit %d\n%s", page, name, code, indent(printed.String()))
	return printed.String(), code, err
}

// must is follow for what has to go well.
func (w *world) must(ctx context.Context, page, name string, variables ...string) error {
	output, code, err := w.follow(ctx, page, name, variables...)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s: the commands %q ended with %d:\n%s", page, name, code, output)
	}
	return err
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}
