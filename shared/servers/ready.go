package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	readyPoll  = 25 * time.Millisecond
	probeLimit = 3 * time.Second
)

// AwaitReady returns once the ready check passes. A process that ends before,
// or takes longer than Spec.ReadyWithin, yields a *FailedError; one that is
// merely slow is left running.
func (p *Process) AwaitReady(ctx context.Context) error {
	return p.spec.awaitReady(ctx, func() error {
		select {
		case <-p.done:
			return p.ended()
		default:
			return nil
		}
	})
}

// AwaitReady is Process.AwaitReady for a process of this Spec that any program
// started.
func (s Spec) AwaitReady(ctx context.Context, id Identity) error {
	return s.withDefaults().awaitReady(ctx, func() error {
		if !id.Alive() {
			return os.ErrProcessDone
		}
		return nil
	})
}

// awaitReady asks again and again, until ended says how the process ended.
func (s Spec) awaitReady(ctx context.Context, ended func() error) error {
	ctx, cancel := context.WithTimeout(ctx, s.ReadyWithin)
	defer cancel()
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		notReady := s.probe(ctx)
		if notReady == nil {
			return nil
		}
		if end := ended(); end != nil {
			return s.failed(fmt.Errorf("ended before it was ready: %w", end))
		}
		select {
		case <-ctx.Done():
			return s.failed(fmt.Errorf("not ready (%w), last answer: %w", ctx.Err(), notReady))
		case <-ticker.C:
		}
	}
}

func (s Spec) probe(ctx context.Context) error {
	if s.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return s.Ready(ctx)
}

func (s Spec) failed(cause error) *FailedError {
	return &FailedError{Name: s.Name, Cause: cause, Log: s.Log, Tail: Tail(s.Log, tailLines)}
}

// ended is how the process ended. An exit status of 0 is an error as well
// where somebody waits for a server.
func (p *Process) ended() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// Run prepares nothing: it starts the process and waits until it is ready. One
// that does not get ready is stopped again.
func Run(ctx context.Context, spec Spec, lifetime Lifetime) (*Process, error) {
	p, err := Start(spec, lifetime)
	if err != nil {
		return nil, err
	}
	if err := p.AwaitReady(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}
