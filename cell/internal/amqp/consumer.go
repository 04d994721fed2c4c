package amqp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/coditect/platform/cell"
)

const consumerTag = "worker"

// Consumer hands the queue's references to a handler.
type Consumer struct {
	URL         string
	Concurrency int           // references handled at once
	Prefetch    int           // references held, of which those waiting go elsewhere when the process ends
	RetryPause  time.Duration // before a reference is given back
	Log         *slog.Logger
}

// RunOnce consumes until ctx ends or the connection is lost. When ctx ends it
// finishes what it is handling. A handler's error gives the reference back.
func (c Consumer) RunOnce(ctx context.Context, handle func(context.Context, cell.JobRef) error) error {
	conn, ch, err := connect(c.URL, "cell worker")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it may be the connection that failed
	if err := ch.Qos(c.Prefetch, 0, false); err != nil {
		return fmt.Errorf("set prefetch: %w", err)
	}
	deliveries, err := ch.Consume(Queue, consumerTag, false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	lost := ch.NotifyClose(make(chan *amqp.Error, 1))
	var workers sync.WaitGroup
	for range c.Concurrency {
		workers.Go(func() { c.work(ctx, deliveries, handle) })
	}
	workers.Wait()
	if ctx.Err() != nil {
		return nil
	}
	select {
	case reason := <-lost:
		if reason != nil {
			return fmt.Errorf("the broker ended the connection: %w", reason)
		}
	default: // only the subscription ended: the queue was deleted
	}
	return errors.New("the broker ended the subscription")
}

func (c Consumer) work(ctx context.Context, deliveries <-chan amqp.Delivery, handle func(context.Context, cell.JobRef) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case d, open := <-deliveries:
			if !open {
				return
			}
			c.deliver(ctx, d, handle)
		}
	}
}

// deliver answers the broker for one message. If the answer does not reach it,
// the message comes again.
func (c Consumer) deliver(ctx context.Context, d amqp.Delivery, handle func(context.Context, cell.JobRef) error) {
	var ref cell.JobRef
	if err := json.Unmarshal(d.Body, &ref); err != nil {
		c.Log.ErrorContext(ctx, "unreadable message put aside", "queue", DeadQueue, "message_id", d.MessageId, "err", err)
		_ = d.Nack(false, false)
		return
	}
	// A process that stops finishes what it has begun.
	if err := handle(context.WithoutCancel(ctx), ref); err != nil {
		c.Log.WarnContext(ctx, "job given back", "job", ref.JobID, "err", err)
		pause(ctx, c.RetryPause)
		_ = d.Nack(false, true)
		return
	}
	_ = d.Ack(false)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
