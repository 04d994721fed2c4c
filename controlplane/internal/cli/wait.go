package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/shared/fault"
)

// waiting is the pair of flags --wait and --timeout.
type waiting struct {
	wait    bool
	timeout time.Duration
}

func (w *waiting) flags(cmd *cobra.Command, byDefault bool, timeout time.Duration, what string) {
	cmd.Flags().BoolVar(&w.wait, "wait", byDefault, "wait until "+what)
	cmd.Flags().DurationVar(&w.timeout, "timeout", timeout, "with --wait, how long; then exit code 3")
}

// until calls look, pausing in between, until it reports done or fails for
// good. Without --wait it looks once. When time is up the failure says what was
// waited for, and the last obstacle.
func (p *program) until(ctx context.Context, w waiting, what string, look func(context.Context) (done bool, err error)) error {
	if !w.wait {
		_, err := look(ctx)
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	last := obstacle{text: "it is not there yet"}
	for {
		done, err := look(bounded)
		if done {
			return nil
		}
		if bounded.Err() == nil {
			if last.stops(err) {
				return err
			}
			p.tellWait(&last)
		}
		if !pause(bounded, max(last.retryAfter, p.opts.PollInterval)) {
			break
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return timedOut(what, w.timeout, last.text)
}

// obstacle is what a wait met last.
type obstacle struct {
	text       string // with the request id
	what       string // without
	told       string // the last one that the person was told
	retryAfter time.Duration
	contacted  bool // some request reached the server before
}

// stops notes the obstacle and says whether waiting on is pointless. A server
// that was there and went away may be restarting; one that never was there is
// more likely a wrong URL.
func (o *obstacle) stops(err error) bool {
	if err == nil {
		o.contacted, o.retryAfter = true, 0
		return false
	}
	f := asFailure(err)
	o.text, o.what, o.retryAfter = f.Error(), f.what, f.retryAfter
	if f.unsent {
		return !o.contacted
	}
	o.contacted = true
	return !f.passing()
}

func timedOut(what string, after time.Duration, obstacle string) *failure {
	f := failed("%s: not within %s: %s", what, after, obstacle)
	f.exit = ExitTimeout
	return f.withHint("it may still happen; look again, or wait longer with --timeout")
}

// passing tells whether the obstacle may go away by itself.
func (f *failure) passing() bool {
	if f.waitable {
		return true
	}
	switch f.code {
	case fault.Unavailable, fault.BadGateway, fault.Timeout, fault.RateLimited:
		return true
	case fault.Conflict:
		return f.retryAfter > 0 // the same request is still being worked on
	case "":
		return f.exit == ExitFailed && f.cause != nil // the connection broke
	}
	return false
}

// tellWait says why there is a wait, once for each reason.
func (p *program) tellWait(o *obstacle) {
	if o.what != o.told {
		o.told = o.what
		p.note("waiting: %s", oneLine(o.what))
	}
}

// pause returns false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
