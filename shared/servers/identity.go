package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Identity names one process for good: a pid alone is recycled, a pid with the
// time its process started is not.
type Identity struct {
	PID int `json:"pid"`
	// Started is the start time in clock ticks since boot: field 22 of
	// /proc/<pid>/stat.
	Started uint64 `json:"started"`
}

// Identify returns the identity of the process that has this pid now.
func Identify(pid int) (Identity, error) {
	stat, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	return Identity{PID: pid, Started: stat.started}, nil
}

// Alive reports whether this very process still runs. A zombie does not.
func (id Identity) Alive() bool {
	if id.PID <= 0 {
		return false
	}
	stat, err := readStat(id.PID)
	return err == nil && stat.started == id.Started && stat.state != 'Z' && stat.state != 'X'
}

// Uptime is how long ago the process started.
func (id Identity) Uptime() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := bytes.Cut(raw, []byte(" "))
	seconds, err := strconv.ParseFloat(string(first), 64)
	if err != nil {
		return 0, fmt.Errorf("parse /proc/uptime: %w", err)
	}
	since := time.Duration(seconds*float64(time.Second)) - time.Duration(id.Started)*time.Second/clockTicks
	return max(since, 0), nil
}

// clockTicks is USER_HZ, in which Linux reports times to programs on every
// architecture Go runs on.
const clockTicks = 100

// Signal sends sig to this very process; os.ErrProcessDone when it is gone.
func (id Identity) Signal(sig syscall.Signal) error {
	// The handle pins the process (a pidfd), so that the pid cannot be
	// recycled between the check and the signal.
	process, err := os.FindProcess(id.PID)
	if err != nil {
		return err
	}
	defer process.Release() //nolint:errcheck // nothing to do about it
	if !id.Alive() {
		return os.ErrProcessDone
	}
	return process.Signal(sig)
}

// Kill ends the process and all that descend from it with SIGKILL, and returns
// once they are gone. A process that is gone already is no error.
func (id Identity) Kill(ctx context.Context) error {
	if !id.Alive() {
		return nil
	}
	victims := id.halt()
	var failed error
	for _, victim := range victims {
		if err := victim.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
			failed = errors.Join(failed, fmt.Errorf("kill process %d: %w", victim.PID, err))
		}
	}
	if failed != nil {
		return failed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killWithin)
	defer cancel()
	for _, victim := range victims {
		if !victim.awaitEnd(ctx) {
			return fmt.Errorf("process %d did not end within %s of SIGKILL", victim.PID, killWithin)
		}
	}
	return nil
}

// halt stops the process and all that descend from it, so that none makes
// another one, and returns them. Postgres' children lead groups of their own, and
// would find out by themselves only later that it is gone; one that was born
// while the others are killed may wait for what they held, forever.
func (id Identity) halt() []Identity {
	_ = id.Signal(syscall.SIGSTOP) // it may have ended
	all := []Identity{id}
	for grows := true; grows; {
		grows = false
		for _, child := range descendants(id.PID) {
			if !slices.Contains(all, child) {
				_ = child.Signal(syscall.SIGSTOP)
				all, grows = append(all, child), true
			}
		}
	}
	return all
}

// Stop sends the polite signal, waits, and kills what remains when within has
// passed or ctx has ended. A process that is gone already is no error.
func (id Identity) Stop(ctx context.Context, polite syscall.Signal, within time.Duration) error {
	if err := id.Signal(polite); err != nil {
		if errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		return err
	}
	patience, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if id.awaitEnd(patience) {
		return nil
	}
	return id.Kill(ctx)
}

const (
	killWithin = 5 * time.Second
	endPoll    = 5 * time.Millisecond
)

// awaitEnd reports whether the process ended before ctx did. It polls, since
// only a parent is told of a process's end.
func (id Identity) awaitEnd(ctx context.Context) bool {
	ticker := time.NewTicker(endPoll)
	defer ticker.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}
