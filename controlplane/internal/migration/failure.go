package migration

import (
	"errors"
	"fmt"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// wait is not a failure: there is nothing to do for so long.
type wait time.Duration

func (w wait) Error() string { return fmt.Sprintf("nothing to do for %s", time.Duration(w)) }

func waitFor(d time.Duration) error { return wait(d) }

func asWait(err error) (time.Duration, bool) {
	var w wait
	ok := errors.As(err, &w)
	return time.Duration(w), ok
}

// lateError is a cutover that did not get through in its time. The freeze ends
// by itself; the cutover is tried again.
type lateError struct {
	step  string
	cause error
}

func (e *lateError) Error() string { return fmt.Sprintf("%s was not in time: %v", e.step, e.cause) }

func (e *lateError) Unwrap() error { return e.cause }

func notInTime(err error, step string) error { return &lateError{step, err} }

// cutovers is how often a cutover is tried before the migration is aborted. A
// return is tried until it succeeds or an operator gives it up: giving it up
// gives the way back up.
const cutovers = 6

// hopeless reports whether trying again will not help. Behind the commit point
// nothing is hopeless.
func (v *move) hopeless(err error) bool {
	switch v.m.Phase {
	case controlplane.MigrationPlanned, controlplane.MigrationCopying, controlplane.MigrationReturning:
	default:
		return false
	}
	var late *lateError
	if errors.As(err, &late) {
		return v.m.Phase != controlplane.MigrationReturning && v.m.Record.Attempts >= cutovers
	}
	switch fault.CodeOf(err) {
	case fault.Conflict, fault.Invalid, fault.Malformed, fault.NotFound, fault.Gone, fault.Forbidden, fault.Unauthenticated, controlplane.Mismatch, controlplane.WindowOver:
		return true
	}
	return false
}

// inWindow is a fault once the migration's window is over.
func (v *move) inWindow() error {
	if until := v.m.Terms.NotAfter; v.m.Phase != controlplane.MigrationReturning && !until.IsZero() && v.Clock().After(until) {
		return fault.New(controlplane.WindowOver, "its window ended at %s", until.UTC().Format(time.RFC3339))
	}
	return nil
}

func importFailed(cell string, status controlplane.ImportStatus) error {
	return fault.New(fault.Conflict, "the import in %s failed: %s", cell, status.Failure)
}

func mismatch(result controlplane.VerificationResult) error {
	f := fault.New(controlplane.Mismatch, "source and target differ")
	for _, t := range result.Tables {
		if !t.Equal {
			f = f.At(t.Name, "digests differ (%d rows at the source)", t.Rows)
		}
	}
	return f
}

// publicText is what operators may read of an error: no cause, no address.
func publicText(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return "an internal error; the log says more"
	}
	text := f.Message
	for _, violation := range f.Violations {
		text += "; " + violation.Field + ": " + violation.Message
	}
	var late *lateError
	if errors.As(err, &late) {
		text = late.step + " was not in time: " + text
	}
	return text
}

// retryPause grows with the failures in a row. Behind a commit point somebody
// waits for the target to open, so it begins short.
func retryPause(phase controlplane.MigrationPhase, failures int) time.Duration {
	first, longest := 500*time.Millisecond, 30*time.Second
	if phase == controlplane.MigrationCommitted || phase == controlplane.MigrationReturned {
		first, longest = 10*time.Millisecond, 2*time.Second
	}
	return min(first<<min(failures-1, 12), longest)
}
