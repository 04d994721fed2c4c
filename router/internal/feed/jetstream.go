package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/run"
)

const (
	pollWait      = 20 * time.Second // long poll while JetStream is silent or away
	retryInterval = 500 * time.Millisecond
	maxRetry      = 10 * time.Second
)

// Connect opens a NATS connection that never gives up, and need not succeed
// now: a router starts without NATS.
func Connect(address string) (*nats.Conn, error) {
	nc, err := nats.Connect(address, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(250*time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond), nats.Name("router"))
	var parse *url.Error
	if errors.As(err, &parse) {
		err = errors.New("not a valid nats:// URL") // the parser's error may quote the password
	}
	if err != nil {
		return nil, fmt.Errorf("NATS URL: %w", err)
	}
	return nc, nil
}

// Run follows the change log until ctx ends: pushed by JetStream, and beside it
// by long polls, which close every gap and carry on alone when NATS is away.
func (f *Feed) Run(ctx context.Context, nc *nats.Conn) error {
	gaps := make(chan struct{}, 1)
	done := make(chan error, 1)
	go func() {
		loop := run.Loop{Name: "directory feed", Interval: retryInterval, MaxPause: maxRetry, Log: f.log}
		done <- loop.Run(ctx, func(ctx context.Context) error { return f.subscribe(ctx, nc, gaps) })
	}()
	loop := run.Loop{Name: "directory catch-up", Interval: retryInterval, MaxPause: maxRetry, Wake: gaps, Log: f.log}
	err := loop.Run(ctx, func(ctx context.Context) error { return f.poll(ctx, gaps) })
	return errors.Join(err, <-done)
}

// poll waits for changes at the control plane. A gap seen by the subscription
// ends the wait, so that it is closed at once.
func (f *Feed) poll(parent context.Context, gaps <-chan struct{}) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- f.CatchUp(ctx, pollWait) }()
	select {
	case err := <-result:
		return err
	case <-gaps:
		cancel()
		if err := <-result; err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		return f.CatchUp(parent, 0)
	}
}

// subscribe applies messages until the subscription breaks or ctx ends.
func (f *Feed) subscribe(ctx context.Context, nc *nats.Conn, gaps chan<- struct{}) error {
	defer f.setConnected(false)
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("JetStream: %w", err)
	}
	consumer, err := js.OrderedConsumer(ctx, directory.Stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{directory.Subject}, DeliverPolicy: jetstream.DeliverNewPolicy,
	})
	if err != nil {
		return fmt.Errorf("subscribe to the directory's changes: %w", err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("subscribe to the directory's changes: %w", err)
	}
	stop := context.AfterFunc(ctx, messages.Stop)
	defer stop()
	defer messages.Stop()
	f.setConnected(true)
	f.noteGap() // what was published before the subscription
	wake(gaps)
	for {
		msg, err := messages.Next()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("directory feed: %w", err)
		}
		var changes directory.Changes
		if err := json.Unmarshal(msg.Data(), &changes); err != nil || !f.offer(changes) {
			f.noteGap()
			wake(gaps)
		}
	}
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
