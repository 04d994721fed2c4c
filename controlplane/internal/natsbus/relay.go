package natsbus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/coditect/platform/shared/directory"
)

const (
	runLength  = 1000      // changes in a message, if they fit
	maxPayload = 512 << 10 // bytes; NATS refuses 1 MiB and more by default
	ackTimeout = 5 * time.Second

	// recheck bounds how long the relay trusts that announcements arrive, and how
	// long a leader whose connection died goes on believing.
	recheck = time.Second
)

// Outbox is the change log, as the leading replica sees it.
type Outbox interface {
	// Pending returns the run after the watermark, at most limit changes.
	Pending(ctx context.Context, limit int) (directory.Changes, error)
	// Relayed moves the watermark from where the run began to where it ended.
	Relayed(ctx context.Context, from, to uint64) error
}

// Relay publishes the change log.
type Relay struct {
	// Lead runs fn if no other replica relays, and reports whether it did.
	Lead func(ctx context.Context, fn func(context.Context, Outbox) error) (led bool, err error)
	// Changed returns a channel that is closed at the next change of the directory.
	Changed func() <-chan struct{}
	Stream  jetstream.JetStream
}

// RunOnce relays for as long as this replica leads and nothing fails. It
// returns at once if another replica leads.
func (r *Relay) RunOnce(ctx context.Context) error {
	_, err := r.Lead(ctx, func(ctx context.Context, outbox Outbox) error {
		if err := r.ensureStream(ctx); err != nil {
			return err
		}
		for ctx.Err() == nil {
			changed := r.Changed()
			if err := r.drain(ctx, outbox); err != nil {
				return err
			}
			wait(ctx, changed)
		}
		return nil
	})
	return err
}

func wait(ctx context.Context, changed <-chan struct{}) {
	again := time.NewTimer(recheck)
	defer again.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-again.C:
	}
}

// drain publishes until nothing is pending.
func (r *Relay) drain(ctx context.Context, outbox Outbox) error {
	for limit := runLength; ; {
		run, err := outbox.Pending(ctx, limit)
		if err != nil || len(run.Changes) == 0 {
			return err
		}
		payload, err := json.Marshal(run)
		if err != nil {
			return fmt.Errorf("encode changes: %w", err)
		}
		if len(payload) > maxPayload && len(run.Changes) > 1 {
			limit = len(run.Changes) / 2
			continue
		}
		limit = runLength
		if err := r.publish(ctx, run, payload); err != nil {
			return err
		}
		if err := outbox.Relayed(ctx, run.Since, run.Last()); err != nil {
			return err
		}
	}
}

// publish returns once JetStream has stored the message. Its id lets JetStream
// drop a repetition.
func (r *Relay) publish(ctx context.Context, run directory.Changes, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	id := strconv.FormatUint(run.Since+1, 10) + "-" + strconv.FormatUint(run.Last(), 10)
	msg := &nats.Msg{Subject: directory.Subject, Data: payload, Header: nats.Header{jetstream.MsgIDHeader: {id}}}
	if _, err := r.Stream.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("publish changes %s: %w", id, err)
	}
	return nil
}
