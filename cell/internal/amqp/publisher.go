package amqp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tracing"
)

// confirmTimeout bounds the wait for the broker's confirmation of a batch.
const confirmTimeout = 15 * time.Second

// returnsBuffer holds more messages than one part of a batch has: a full one
// would block the connection's reader, and with it every confirmation.
const (
	returnsBuffer = 4096
	publishPart   = 1024
)

var errQueueGone = errors.New("a queue is gone")

// Publisher sends references. It connects when first used and again after
// every failure. It is safe for concurrent use; batches wait for each other.
type Publisher struct {
	url    string
	tracer *tracing.Tracer // nil: messages carry the traces of their jobs as they are

	mu   sync.Mutex
	conn *amqp.Connection
	ch   *amqp.Channel
	back chan amqp.Return // messages that no queue took
}

// NewPublisher returns a publisher to the broker at url (amqp://…/vhost). The
// tracer may be nil.
func NewPublisher(url string, tracer *tracing.Tracer) *Publisher {
	return &Publisher{url: url, tracer: tracer}
}

// Publish returns once the broker has every reference safe in its queue. After
// an error any of them may be there or not.
func (p *Publisher) Publish(ctx context.Context, refs []cell.JobRef) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ensure(); err != nil {
		return err
	}
	for part := range slices.Chunk(refs, publishPart) {
		if err := p.publish(ctx, part); err != nil {
			return errors.Join(err, p.drop())
		}
	}
	return nil
}

func (p *Publisher) ensure() error {
	if p.ch != nil && !p.ch.IsClosed() {
		return nil
	}
	conn, ch, err := connect(p.url, "cell relay")
	if err != nil {
		return err
	}
	if err := ch.Confirm(false); err != nil {
		return errors.Join(err, conn.Close())
	}
	p.conn, p.ch = conn, ch
	p.back = ch.NotifyReturn(make(chan amqp.Return, returnsBuffer))
	return nil
}

func (p *Publisher) publish(ctx context.Context, refs []cell.JobRef) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	confirmations := make([]*amqp.DeferredConfirmation, 0, len(refs))
	sendings := sendings{tracer: p.tracer}
	defer sendings.end()
	for _, ref := range refs {
		body, err := json.Marshal(ref)
		if err != nil {
			return fmt.Errorf("encode reference: %w", err)
		}
		c, err := p.ch.PublishWithDeferredConfirmWithContext(ctx, "", Queue(ref.Priority), true, false, amqp.Publishing{
			ContentType: "application/json", DeliveryMode: amqp.Persistent, MessageId: ref.JobID.String(), Body: body,
			Headers: sendings.begin(ctx, ref),
		})
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		confirmations = append(confirmations, c)
	}
	return p.await(ctx, confirmations)
}

// await collects the confirmations. A message that no queue took comes back
// before its confirmation, which the broker gives for it all the same.
func (p *Publisher) await(ctx context.Context, confirmations []*amqp.DeferredConfirmation) error {
	for _, c := range confirmations {
		select {
		case <-c.Done():
			if !c.Acked() {
				return errors.New("the broker refused a message or the connection was lost")
			}
		case <-p.back:
			return errQueueGone
		case <-ctx.Done():
			return fmt.Errorf("wait for confirmation: %w", ctx.Err())
		}
	}
	select {
	case _, returned := <-p.back:
		if returned {
			return errQueueGone
		}
	default:
	}
	return nil
}

func (p *Publisher) drop() error {
	if p.conn == nil {
		return nil
	}
	conn := p.conn
	p.conn, p.ch = nil, nil
	if err := conn.Close(); err != nil && !errors.Is(err, amqp.ErrClosed) {
		return err
	}
	return nil
}

// Close ends the connection.
func (p *Publisher) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drop()
}
