package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Lifetime says what becomes of a process when the program that started it ends.
type Lifetime int

const (
	// Attached processes are ended by the kernel with the program.
	Attached Lifetime = iota
	// Detached processes run on, in a session of their own.
	Detached
)

// Process is a running process that this program started.
type Process struct {
	spec Spec
	id   Identity
	done chan struct{}
	err  error // how it ended; set before done is closed
}

// Start starts the process and returns at once; AwaitReady waits until it serves.
func Start(spec Spec, lifetime Lifetime) (*Process, error) {
	spec = spec.withDefaults()
	log, err := openLog(spec.Log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	defer log.Close() //nolint:errcheck // the child holds its own descriptor
	cmd, err := command(spec, lifetime)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := launch(cmd, lifetime); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, explain(err, spec))
	}
	// Until reap runs, even a process that ended at once keeps its pid.
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", spec.Name, err), cmd.Process.Kill(), cmd.Wait())
	}
	p := &Process{spec: spec, id: id, done: make(chan struct{})}
	go p.reap(cmd)
	return p, nil
}

func command(spec Spec, lifetime Lifetime) (*exec.Cmd, error) {
	cmd := &exec.Cmd{
		Path: spec.Path, Args: append([]string{spec.Path}, spec.Args...),
		Env: spec.Env, Dir: spec.Dir, SysProcAttr: &syscall.SysProcAttr{},
	}
	if lifetime == Detached {
		cmd.SysProcAttr.Setsid = true
	} else {
		// A group of its own keeps the terminal's Ctrl-C for the program,
		// which then stops its servers in order.
		cmd.SysProcAttr.Setpgid = true
		cmd.SysProcAttr.Pdeathsig = spec.OrphanSignal
	}
	if spec.NotAsRoot && os.Geteuid() == 0 {
		return cmd, dropRoot(cmd.SysProcAttr)
	}
	return cmd, nil
}

func openLog(path string) (*os.File, error) {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (p *Process) reap(cmd *exec.Cmd) {
	p.err = cmd.Wait()
	close(p.done)
}

// ID identifies the process, also to later programs.
func (p *Process) ID() Identity { return p.id }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the process: the polite signal, and SIGKILL to its group when
// that takes too long or ctx ends. It returns once the process is gone.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.spec.Stop(ctx, p.id); err != nil {
		return err
	}
	<-p.done
	return nil
}

// explain adds what to do to the error of a start that failed.
func explain(err error, spec Spec) error {
	if errors.Is(err, os.ErrNotExist) {
		if _, statErr := os.Stat(spec.Path); statErr != nil {
			return fmt.Errorf("%w; run deploy/local/install.sh", err)
		}
	}
	return err
}
