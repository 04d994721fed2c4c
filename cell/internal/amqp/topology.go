package amqp

import (
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/coditect/platform/cell"
)

// DeadQueue has the messages that nobody can read. Like all queues it is in the
// cell's own vhost.
const DeadQueue = "cell.jobs.dead"

// Queue is the queue of a lane.
func Queue(lane cell.JobPriority) string {
	switch lane {
	case cell.HighPriority:
		return "cell.jobs.high"
	case cell.LowPriority:
		return "cell.jobs.low"
	}
	return "cell.jobs"
}

// maxDeliveries is how often a message may be given back.
const maxDeliveries = 20

const dialTimeout = 5 * time.Second

// ValidURL reports whether a broker could be at a URL.
func ValidURL(url string) bool {
	_, err := amqp.ParseURI(url)
	return err == nil
}

// connect opens a connection with one channel and declares the queues.
func connect(url, name string) (*amqp.Connection, *amqp.Channel, error) {
	if !ValidURL(url) {
		return nil, nil, errors.New("broker URL: not a valid amqp:// URL") // the parser's error may quote the password
	}
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	conn, err := amqp.DialConfig(url, amqp.Config{Heartbeat: 10 * time.Second, Locale: "en_US", Properties: properties, Dial: amqp.DefaultDial(dialTimeout)})
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the broker: %w", err)
	}
	ch, err := conn.Channel()
	if err == nil {
		err = declare(ch)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("prepare the broker's queues: %w", err), conn.Close())
	}
	return conn, ch, nil
}

func declare(ch *amqp.Channel) error {
	dead := amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum}
	if _, err := ch.QueueDeclare(DeadQueue, true, false, false, false, dead); err != nil {
		return err
	}
	for _, lane := range cell.JobPriorities {
		_, err := ch.QueueDeclare(Queue(lane), true, false, false, false, amqp.Table{
			amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": int32(maxDeliveries),
			"x-dead-letter-exchange": "", "x-dead-letter-routing-key": DeadQueue,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
