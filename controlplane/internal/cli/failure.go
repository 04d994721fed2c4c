package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/shared/fault"
)

// failure is an error as the person at the terminal is told it.
type failure struct {
	exit       int
	what       string        // one sentence, what was tried and why it did not work
	code       fault.Code    // the server's, or "" if no server was involved
	requestID  string        // to quote; "" if no request was sent
	hint       string        // what to do next; may be empty
	retryAfter time.Duration // the server's wish; 0: none
	unsent     bool          // no connection was made: the server cannot have acted
	waitable   bool          // a wait goes on: this is what it waits to be over
	cause      error
}

// Error is the line without hint.
func (f *failure) Error() string {
	var tags []string
	if f.code != "" {
		tags = append(tags, string(f.code))
	}
	if f.requestID != "" {
		tags = append(tags, "request id "+f.requestID)
	}
	if len(tags) == 0 {
		return f.what
	}
	return f.what + " (" + strings.Join(tags, ", ") + ")"
}

// Unwrap returns the cause, which Error may not show.
func (f *failure) Unwrap() error { return f.cause }

// failed makes a failure that no server caused.
func failed(format string, args ...any) *failure {
	return &failure{exit: ExitFailed, what: fmt.Sprintf(format, args...)}
}

// misused makes a failure of the command line itself.
func misused(format string, args ...any) *failure {
	return &failure{exit: ExitUsage, what: fmt.Sprintf(format, args...)}
}

// withHint returns the failure with what to do next.
func (f *failure) withHint(format string, args ...any) *failure {
	f.hint = fmt.Sprintf(format, args...)
	return f
}

// asFailure finds the failure in err; whatever is none becomes one.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{exit: ExitFailed, what: err.Error(), cause: err}
}

// doing puts what was tried in front of err's text.
func doing(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	f := *asFailure(err)
	f.what = fmt.Sprintf(format, args...) + ": " + f.what
	return &f
}

// hinting gives err's failure a better hint if the code is the given one.
func hinting(err error, code fault.Code, format string, args ...any) error {
	if err == nil {
		return nil
	}
	f := asFailure(err)
	if f.code == code && f.retryAfter == 0 { // else the hint is to come again
		f.hint = fmt.Sprintf(format, args...)
	}
	return f
}

// report writes err for the person at the terminal and returns the exit code.
func (p *program) report(ctx context.Context, cmd *cobra.Command, err error) int {
	var f *failure
	switch {
	case !errors.As(err, &f): // the commands' own errors are failures: this one is cobra's
		f = misused("%s", err).withHint("see %s --help", cmd.CommandPath())
	case ctx.Err() != nil && f.exit == ExitFailed:
		f = &failure{exit: ExitFailed, what: "interrupted", requestID: f.requestID, hint: f.hint}
	}
	paint := p.painter(p.opts.StderrTerminal)
	p.note("%s %s", paint(red, "cellctl:"), oneLine(f.Error()))
	if f.hint != "" {
		p.note("%s %s", paint(yellow, "hint:"), oneLine(f.hint))
	}
	return f.exit
}

// note writes one line to standard error. A failure to do so has no one left
// to be told to.
func (p *program) note(format string, args ...any) {
	_, _ = fmt.Fprintf(p.opts.Stderr, format+"\n", args...)
}
