package rollout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Program is what gives cells their versions: an executable of the operator's, such
// as deploy/kubernetes/apply.
//
//	PROGRAM version CELL          prints the version that the cell runs
//	PROGRAM apply CELL VERSION    makes the cell run it, and ends once it does
//
// Apply may be interrupted at any moment and is then repeated; for a version that the
// cell has already it does nothing.
type Program struct {
	Path string
	Out  io.Writer // what it says while it applies
}

// stopWithin is how long the program has to end after SIGTERM.
const stopWithin = 10 * time.Second

// Version returns what a cell runs.
func (p Program) Version(ctx context.Context, cell string) (string, error) {
	var out, errs bytes.Buffer
	cmd := p.command(ctx, "version", cell)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s version %s: %w: %s", p.Path, cell, err, lastLine(errs.String()))
	}
	version := strings.TrimSpace(out.String())
	if !ValidVersion(version) {
		return "", fmt.Errorf("%s version %s: it printed %q, which is no version", p.Path, cell, version)
	}
	return version, nil
}

// Apply makes a cell run a version.
func (p Program) Apply(ctx context.Context, cell, version string) error {
	var tail bytes.Buffer
	cmd := p.command(ctx, "apply", cell, version)
	cmd.Stdout = p.Out
	cmd.Stderr = io.MultiWriter(p.Out, &tail)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s apply %s: %w: %s", p.Path, cell, err, lastLine(tail.String()))
	}
	return nil
}

func (p Program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWithin
	return cmd
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
