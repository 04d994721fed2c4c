package testkit

import (
	"context"
	"crypto/rand"
	"testing"
)

// RabbitMQ returns the URL of a new, empty vhost, which is removed when the
// test ends, with whatever is still connected to it.
func RabbitMQ(t testing.TB) string {
	t.Helper()
	broker, err := rabbitServer()
	if err != nil {
		t.Fatal(err)
	}
	vhost := "test-" + rand.Text()
	if err := broker.AddVHost(Context(t), vhost, brokerUser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := broker.DeleteVHost(ctx, vhost, brokerUser); err != nil {
			t.Error(err)
		}
	})
	return broker.URL(brokerUser, broker.Users[0].Password, vhost)
}
