package amqp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tracing"
)

const consumerTag = "worker"

// Worker takes references. It is an interface because edges do not know
// use-cases.
type Worker interface {
	// Room waits until the worker can take references and returns how many, at
	// most the given number; 0 if ctx ends before. They go to Begin.
	Room(ctx context.Context, lane cell.JobPriority, most int) int
	// Begin takes references, none if there were none. After an error they come
	// again.
	Begin(ctx context.Context, lane cell.JobPriority, room int, refs []cell.JobRef) error
}

// Consumer hands the references of one lane's queue to a worker, as many at a
// time as wait and the worker has room for.
type Consumer struct {
	URL        string
	Lane       cell.JobPriority
	Prefetch   int           // references held, of which those waiting go elsewhere when the process ends
	RetryPause time.Duration // before references are given back
	Worker     Worker
	Log        *slog.Logger
}

// RunOnce consumes until ctx ends or the connection is lost.
func (c Consumer) RunOnce(ctx context.Context) error {
	conn, ch, err := connect(c.URL, "cell worker")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it may be the connection that failed
	if err := ch.Qos(c.Prefetch, 0, false); err != nil {
		return fmt.Errorf("set prefetch: %w", err)
	}
	deliveries, err := ch.Consume(Queue(c.Lane), consumerTag, false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	lost := ch.NotifyClose(make(chan *amqp.Error, 1))
	held := c.hold(deliveries)
	for c.takeSome(ctx, held) {
	}
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

// hold keeps the deliveries at hand that the broker has sent ahead. The driver's
// channel has no room: however many it holds, only one at a time is to be seen
// there, and jobs would be begun one by one. The prefetch bounds what is held.
func (c Consumer) hold(deliveries <-chan amqp.Delivery) <-chan amqp.Delivery {
	held := make(chan amqp.Delivery, c.Prefetch)
	go func() {
		defer close(held)
		for d := range deliveries { // until the connection is closed
			held <- d
		}
	}()
	return held
}

// takeSome returns false when there will be no more.
func (c Consumer) takeSome(ctx context.Context, deliveries <-chan amqp.Delivery) bool {
	room := c.Worker.Room(ctx, c.Lane, c.Prefetch)
	if room == 0 {
		return false
	}
	taken, open := gather(ctx, deliveries, room)
	refs := make([]cell.JobRef, 0, len(taken))
	readable := taken[:0]
	for _, d := range taken {
		var ref cell.JobRef
		if err := json.Unmarshal(d.Body, &ref); err != nil {
			c.Log.ErrorContext(ctx, "unreadable message put aside", "queue", DeadQueue, "message_id", d.MessageId, "err", err)
			_ = d.Nack(false, false)
			continue
		}
		ref.Trace = header(d.Headers, tracing.HeaderTraceparent)
		refs, readable = append(refs, ref), append(readable, d)
	}
	err := c.Worker.Begin(ctx, c.Lane, room, refs)
	if err != nil {
		c.Log.WarnContext(ctx, "jobs given back", "jobs", len(refs), "err", err)
		pause(ctx, c.RetryPause)
	}
	answer(readable, err == nil)
	return open
}

// gather waits for a delivery and takes those that are there besides, up to
// most. It reports false when there will be no more.
func gather(ctx context.Context, deliveries <-chan amqp.Delivery, most int) (taken []amqp.Delivery, open bool) {
	select {
	case <-ctx.Done():
		return nil, false
	case d, open := <-deliveries:
		if !open {
			return nil, false
		}
		taken = append(taken, d)
	}
	for len(taken) < most {
		select {
		case d, open := <-deliveries:
			if !open {
				return taken, false
			}
			taken = append(taken, d)
		default:
			return taken, true
		}
	}
	return taken, true
}

// answer tells the broker of all messages up to the last one, which are those
// taken and unreadable ones that were answered before. If it does not reach the
// broker, the messages come again.
func answer(taken []amqp.Delivery, done bool) {
	if len(taken) == 0 {
		return
	}
	last := taken[len(taken)-1]
	if done {
		_ = last.Ack(true)
	} else {
		_ = last.Nack(true, true)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
