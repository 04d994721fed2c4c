package servers

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// Spec says how to run one process, when it is ready and how it is stopped.
type Spec struct {
	// Name is what messages call the process.
	Name string
	// Path is the absolute path of the program, Args what follows it.
	Path string
	Args []string
	// Env is the whole environment: nothing is inherited.
	Env []string
	// Dir is the working directory.
	Dir string
	// Log is the file that standard output and error are appended to.
	Log string
	// NotAsRoot is set for programs that refuse to run as uid 0. Root runs
	// them under another uid; for an ordinary user it changes nothing.
	NotAsRoot bool

	// Ready returns nil once the process serves. It is called repeatedly.
	Ready func(context.Context) error
	// ReadyWithin bounds the wait for that; 0 means 30 s.
	ReadyWithin time.Duration

	// StopSignal asks for an orderly end; 0 means SIGTERM.
	StopSignal syscall.Signal
	// StopWithin is how long it may take before SIGKILL; 0 means 10 s.
	StopWithin time.Duration
	// OrphanSignal is what the kernel sends to an attached process when the
	// program that started it is gone; 0 means SIGKILL.
	OrphanSignal syscall.Signal
}

const (
	defaultReadyWithin = 30 * time.Second
	defaultStopWithin  = 10 * time.Second
)

func (s Spec) withDefaults() Spec {
	if s.ReadyWithin == 0 {
		s.ReadyWithin = defaultReadyWithin
	}
	if s.StopSignal == 0 {
		s.StopSignal = syscall.SIGTERM
	}
	if s.StopWithin == 0 {
		s.StopWithin = defaultStopWithin
	}
	if s.OrphanSignal == 0 {
		s.OrphanSignal = syscall.SIGKILL
	}
	return s
}

// baseEnv is the environment every server gets: enough to find programs, and
// a locale that does not depend on the caller's.
func baseEnv(more ...string) []string {
	return append([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8",
		"LC_ALL=C.UTF-8",
	}, more...)
}

// Stop ends a process of this Spec that any program started: the polite
// signal, and SIGKILL when that takes too long or ctx ends. A process that is
// gone already is no error.
func (s Spec) Stop(ctx context.Context, id Identity) error {
	s = s.withDefaults()
	if err := id.Stop(ctx, s.StopSignal, s.StopWithin); err != nil {
		return fmt.Errorf("stop %s: %w", s.Name, err)
	}
	return nil
}
