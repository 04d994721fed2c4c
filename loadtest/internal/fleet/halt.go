package fleet

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/coditect/platform/loadtest/internal/procs"
)

// Kill ends a part with SIGKILL, with the processes that it started.
func (f *Fleet) Kill(ctx context.Context, part string) error { return f.Platform.Kill(ctx, part) }

// Restart starts a part that was killed, as its supervisor would.
func (f *Fleet) Restart(ctx context.Context, part string) error {
	return f.Platform.Start(ctx, part)
}

// Halt stops a part and all its processes with SIGSTOP, until Continue.
func (f *Fleet) Halt(part string) error { return f.signal(part, syscall.SIGSTOP) }

// Continue lets a halted part go on.
func (f *Fleet) Continue(part string) error { return f.signal(part, syscall.SIGCONT) }

func (f *Fleet) signal(part string, signal syscall.Signal) error {
	root, known := f.Platform.State().Parts[part]
	if !known || !root.Alive() {
		return fmt.Errorf("%s does not run", part)
	}
	children, err := procs.Children()
	if err != nil {
		return err
	}
	for _, pid := range procs.Tree(root.PID, children) {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}
