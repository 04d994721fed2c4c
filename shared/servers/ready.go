package servers

import (
	"context"
	"errors"
	"fmt"
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
	ctx, cancel := context.WithTimeout(ctx, p.spec.ReadyWithin)
	defer cancel()
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		err := p.probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.failed(fmt.Errorf("ended before it was ready: %w", p.ended()))
		case <-ctx.Done():
			return p.failed(fmt.Errorf("not ready (%w), last answer: %w", ctx.Err(), err))
		case <-ticker.C:
		}
	}
}

func (p *Process) probe(ctx context.Context) error {
	if p.spec.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return p.spec.Ready(ctx)
}

// ended is how the process ended. An exit status of 0 is an error as well
// where somebody waits for a server.
func (p *Process) ended() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

func (p *Process) failed(cause error) *FailedError {
	return &FailedError{Name: p.spec.Name, Cause: cause, Log: p.spec.Log, Tail: Tail(p.spec.Log, tailLines)}
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
