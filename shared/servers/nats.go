package servers

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATS is a NATS 2.9 server with JetStream.
type NATS struct {
	// Dir holds the configuration, the streams and the log.
	Dir string `json:"dir"`
	// Port is the loopback port.
	Port int `json:"port"`
	// User and Password are what every client must give.
	User     string `json:"user"`
	Password string `json:"password"`
	// Name is what messages call the server; "nats" if empty.
	Name string `json:"name,omitempty"`
}

// Prepare writes the configuration.
func (n NATS) Prepare(context.Context) error {
	if err := makeDir(n.Dir); err != nil {
		return err
	}
	if err := writePrivate(n.config(), n.renderConfig()); err != nil {
		return fmt.Errorf("prepare %s: %w", n.name(), err)
	}
	return nil
}

// Spec says how to run the server.
func (n NATS) Spec() Spec {
	return Spec{
		Name:  n.name(),
		Path:  "/usr/sbin/nats-server",
		Args:  []string{"--config", n.config()},
		Env:   baseEnv(),
		Dir:   n.Dir,
		Log:   filepath.Join(n.Dir, "nats.log"),
		Ready: n.ready,
	}
}

// URL is the address for clients.
func (n NATS) URL() string {
	address := url.URL{Scheme: "nats", User: url.UserPassword(n.User, n.Password), Host: loopback(n.Port)}
	return address.String()
}

// ready asks JetStream, which comes up after the port.
func (n NATS) ready(ctx context.Context) error {
	conn, err := nats.Connect(n.URL(), nats.Timeout(time.Second), nats.NoReconnect())
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	_, err = stream.AccountInfo(ctx)
	return err
}

func (n NATS) renderConfig() string {
	return fmt.Sprintf(`# written at every start
server_name: %q
listen: "127.0.0.1:%d"
authorization: {
  users: [ { user: %q, password: %q } ]
}
jetstream: {
  store_dir: %q
  max_memory_store: 64MB
  max_file_store: 2GB
}
`, n.name(), n.Port, n.User, n.Password, filepath.Join(n.Dir, "streams"))
}

func (n NATS) name() string {
	if n.Name == "" {
		return "nats"
	}
	return n.Name
}

func (n NATS) config() string { return filepath.Join(n.Dir, "nats.conf") }
