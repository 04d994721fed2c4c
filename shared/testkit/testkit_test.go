package testkit_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/shared/testkit"
)

func TestRedisDatabasesAreApart(t *testing.T) {
	t.Parallel()
	first, second := redisClient(t, testkit.Redis(t)), redisClient(t, testkit.Redis(t))
	ctx := testkit.Context(t)
	if err := first.Set(ctx, "key", "of the first", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := second.Get(ctx, "key").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("the second test sees the first one's key: %v", err)
	}
}

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestVHostsAreApart(t *testing.T) {
	t.Parallel()
	first, second := channel(t, testkit.RabbitMQ(t)), channel(t, testkit.RabbitMQ(t))
	if _, err := first.QueueDeclare("jobs", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	var absent *amqp.Error
	if _, err := second.QueueDeclarePassive("jobs", false, false, false, false, nil); !errors.As(err, &absent) || absent.Code != amqp.NotFound {
		t.Errorf("the second test sees the first one's queue: %v", err)
	}
}

func channel(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return channel
}

func TestNATSComesBackWithItsStreams(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	process := testkit.Run(t, server)
	if err := process.Stop(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(server.Dir, "streams")); err != nil {
		t.Error(err)
	}
	testkit.Run(t, server)
}

func TestEventuallyAsksUntilMet(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	testkit.Eventually(t, "the third question", func() bool { return asked.Add(1) == 3 })
	testkit.EventuallyOK(t, "the fifth question", func() error {
		if asked.Add(1) < 5 {
			return errors.New("too early")
		}
		return nil
	})
	if got := asked.Load(); got != 5 {
		t.Errorf("asked %d times", got)
	}
}
