package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	var c checker
	flag.StringVar(&c.source, "source", "..", "the directory terraform/")
	flag.StringVar(&c.work, "work", "", "where the copy is made; emptied first")
	flag.StringVar(&c.terraform, "terraform", "terraform", "the terraform `program`")
	flag.StringVar(&c.tflint, "tflint", "", "the tflint `program`; without it nothing is linted")
	flag.BoolVar(&c.quick, "quick", false, "run refusals without their expectations only, which shows more and is all that takes long")
	only := flag.String("only", "", "directories whose path has this text, and no figures")
	standin := flag.String("trim-standin", "", "copy a schema-only provider's sources from here to -work, with what terraform/ uses, and do nothing else")
	flag.Parse()
	if *standin != "" {
		if err := trimStandin(c.source, *standin, c.work); err != nil {
			fmt.Fprintln(os.Stderr, "check:", err)
			os.Exit(1)
		}
		return
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c.out = os.Stdout
	err := c.run(ctx, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// run checks everything, in the order of what fails soonest, and goes on after
// what fails: one run says all that is wrong.
func (c *checker) run(ctx context.Context, only string) error {
	if c.work == "" {
		return fmt.Errorf("-work: say where the copy is made")
	}
	if err := c.copySources(); err != nil {
		return err
	}
	dirs, err := directories(c.work)
	if err != nil {
		return err
	}
	dirs = matching(dirs, only)
	c.files(dirs)
	c.cells()
	for _, d := range dirs {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.directory(ctx, d)
	}
	c.mutants(ctx, only)
	c.lint(ctx, only)
	return c.summary(only == "")
}

func matching(dirs []directory, only string) []directory {
	var kept []directory
	for _, d := range dirs {
		if strings.Contains(d.path, only) {
			kept = append(kept, d)
		}
	}
	return kept
}

// directory is one module or root. Path is relative to terraform/.
type directory struct {
	path string
	root bool
}

// directories lists modules first: their mistakes are told before those of the
// roots that use them.
func directories(work string) ([]directory, error) {
	var found []directory
	for _, pattern := range []string{"modules/*", "global/*", "routers/*", "cells/*"} {
		paths, err := filepath.Glob(filepath.Join(work, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err != nil || !info.IsDir() {
				continue
			}
			rel, err := filepath.Rel(work, path)
			if err != nil {
				return nil, err
			}
			found = append(found, directory{path: rel, root: !strings.HasPrefix(rel, "modules/")})
		}
	}
	if len(found) < 10 {
		return nil, fmt.Errorf("%s: only %d modules and roots; is -source right?", work, len(found))
	}
	return found, nil
}
