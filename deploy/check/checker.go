package main

import (
	"fmt"
	"io"
)

// checker collects what is wrong.
type checker struct {
	root, programs, hydra string
	quick, update         bool
	out                   io.Writer

	known     map[string]*program // by image name
	permitted map[string]permits  // by kind of overlay
	passed    int
	failed    int
	objects   int
	caught    int
}

func (c *checker) fail(format string, args ...any) {
	c.failed++
	fmt.Fprintf(c.out, "FAIL "+format+"\n", args...)
}

// report counts findings: none is a pass of what was checked.
func (c *checker) report(what string, findings []string) {
	if len(findings) == 0 {
		c.passed++
		return
	}
	for _, f := range findings {
		c.fail("%s: %s", what, f)
	}
}

// mutantsLeast is how many planted mistakes must be noticed.
const mutantsLeast = 20

func (c *checker) summary() error {
	fmt.Fprintf(c.out, "figure deploy_checks %d checks\nfigure deploy_objects %d objects\n", c.passed, c.objects)
	verdict := "ok"
	if c.caught < mutantsLeast {
		verdict = "short"
		c.fail("only %d mutants were noticed", c.caught)
	}
	fmt.Fprintf(c.out, "figure deploy_mutants %d caught bar >= %d %s\n", c.caught, mutantsLeast, verdict)
	if c.failed > 0 {
		return fmt.Errorf("%d checks failed", c.failed)
	}
	return nil
}
