package servers_test

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/coditect/platform/shared/servers"
)

func TestRabbitMQKeepsVHostsApart(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	broker := servers.RabbitMQ{
		Dir: t.TempDir(), Port: ports[0], DistPort: ports[1], EpmdPort: ports[2],
		Users: []servers.BrokerUser{
			{Name: "a", Password: "secret of a", VHosts: []string{"cell-a"}},
			{Name: "b", Password: "secret of b", VHosts: []string{"cell-b"}},
		},
	}
	if err := broker.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, broker.EpmdSpec())
	run(t, broker.Spec())

	deliver(t, broker.URL("a", "secret of a", "cell-a"))
	refuse(t, broker.URL("a", "secret of a", "cell-b"))
	refuse(t, broker.URL("guest", "guest", "/"))

	if err := broker.AddVHost(t.Context(), "added/later", "b"); err != nil {
		t.Fatal(err)
	}
	deliver(t, broker.URL("b", "secret of b", "added/later"))
	if err := broker.DeleteVHost(t.Context(), "added/later", "b"); err != nil {
		t.Fatal(err)
	}
	refuse(t, broker.URL("b", "secret of b", "added/later"))
	if err := broker.DeleteVHost(t.Context(), "added/later", "b"); err == nil {
		t.Error("deleting an absent vhost reported success")
	}
}

// deliver sends a message through a quorum queue and takes it out again.
func deliver(t *testing.T, url string) {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	defer conn.Close()
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.Confirm(false); err != nil {
		t.Fatal(err)
	}
	queue, err := channel.QueueDeclare("jobs", true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
	if err != nil {
		t.Fatal(err)
	}
	confirmation, err := channel.PublishWithDeferredConfirmWithContext(
		t.Context(), "", queue.Name, true, false, amqp.Publishing{Body: []byte("job")})
	if err != nil || !confirmation.Wait() {
		t.Fatalf("publish: %v", err)
	}
	message, ok, err := channel.Get(queue.Name, true)
	if err != nil || !ok || string(message.Body) != "job" {
		t.Errorf("got %q, %v, %v", message.Body, ok, err)
	}
}

func refuse(t *testing.T, url string) {
	t.Helper()
	if conn, err := amqp.Dial(url); err == nil {
		t.Errorf("%s was let in", url)
		_ = conn.Close()
	}
}
