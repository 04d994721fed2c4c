package servers_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/coditect/platform/shared/servers"
)

func TestNATSKeepsStreams(t *testing.T) {
	t.Parallel()
	server := servers.NATS{Dir: t.TempDir(), Port: freePorts(t, 1)[0], User: "platform", Password: "secret"}
	start(t, server)
	conn, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "changes", Subjects: []string{"changes.>"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "changes.1", []byte("payload")); err != nil {
		t.Fatal(err)
	}
	message, err := stream.GetLastMsgForSubject(t.Context(), "changes.1")
	if err != nil || string(message.Data) != "payload" {
		t.Errorf("read %v, %v back", message, err)
	}
}
