package servers

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// RabbitMQ is a RabbitMQ 3.10 broker with the Erlang port mapper (epmd) that it
// needs. Left to itself the broker starts a mapper and leaves it behind; here
// it is a process of its own, EpmdSpec, that must run before the broker starts.
// A broker that runs already goes on without, and finds a new one by itself.
type RabbitMQ struct {
	// Dir is the broker's home: configuration, data, logs, Erlang cookie.
	Dir string `json:"dir"`
	// Port is the loopback port of AMQP, DistPort that of the Erlang
	// distribution, EpmdPort that of the mapper.
	Port     int `json:"port"`
	DistPort int `json:"dist_port"`
	EpmdPort int `json:"epmd_port"`
	// Name is what messages call the broker; "rabbitmq" if empty.
	Name string `json:"name,omitempty"`
	// Users may connect. At least one is needed, with at least one vhost.
	Users []BrokerUser `json:"users"`
}

// BrokerUser is a user of the broker with all rights in some vhosts.
type BrokerUser struct {
	Name     string   `json:"name"`
	Password string   `json:"password"`
	VHosts   []string `json:"vhosts"`
}

// brokerNode is the Erlang node's name. Every broker has a mapper of its own,
// so all may have the same, and data moves between ports.
const brokerNode = "platform@localhost"

// Spec says how to run the broker, once its port mapper runs.
func (r RabbitMQ) Spec() Spec {
	return Spec{
		Name:        r.name(),
		Path:        "/usr/lib/rabbitmq/bin/rabbitmq-server",
		Env:         r.env(),
		Dir:         r.Dir,
		Log:         filepath.Join(r.Dir, "rabbitmq.log"),
		Ready:       r.ready,
		ReadyWithin: 3 * time.Minute, // six seconds of processor time, on a machine where others want it, too
		StopWithin:  30 * time.Second,
	}
}

// EpmdSpec says how to run the port mapper.
func (r RabbitMQ) EpmdSpec() Spec {
	return Spec{
		Name:  "port mapper of " + r.name(),
		Path:  "/usr/bin/epmd",
		Args:  []string{"-address", "127.0.0.1", "-port", strconv.Itoa(r.EpmdPort)},
		Env:   baseEnv(),
		Dir:   r.Dir,
		Log:   filepath.Join(r.Dir, "epmd.log"),
		Ready: func(ctx context.Context) error { return askMapper(ctx, r.EpmdPort) },
	}
}

// env configures what must be known before the configuration file is read, and
// keeps the broker off everything under /etc and /var.
func (r RabbitMQ) env() []string {
	in := func(name string) string { return filepath.Join(r.Dir, name) }
	return baseEnv(
		"HOME="+r.Dir,
		// The wrapper script then becomes the broker instead of its parent.
		"detached=yes",
		"RABBITMQ_NODENAME="+brokerNode,
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		"RABBITMQ_NODE_PORT="+strconv.Itoa(r.Port),
		"RABBITMQ_DIST_PORT="+strconv.Itoa(r.DistPort),
		// Schedulers that wait by spinning take the processor from the broker's neighbours.
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
		"RABBITMQ_MNESIA_BASE="+in("data"),
		"RABBITMQ_LOG_BASE="+r.Dir,
		"RABBITMQ_SCHEMA_DIR="+in("schema"),
		"RABBITMQ_CONFIG_FILE="+r.config(),
		"RABBITMQ_CONFIG_FILES="+in("conf.d"),
		"RABBITMQ_ADVANCED_CONFIG_FILE="+in("advanced.config"),
		"RABBITMQ_CONF_ENV_FILE="+in("rabbitmq-env.conf"),
		"RABBITMQ_ENABLED_PLUGINS_FILE="+r.plugins(),
		"ERL_EPMD_PORT="+strconv.Itoa(r.EpmdPort),
		"ERL_EPMD_ADDRESS=127.0.0.1",
		// For the broker and for the helpers it starts: should the mapper die,
		// they would put one in its place that nobody could stop.
		"ERL_AFLAGS=-start_epmd false",
	)
}

// URL is the address of a vhost for a user.
func (r RabbitMQ) URL(user, password, vhost string) string {
	address := url.URL{
		Scheme:  "amqp",
		User:    url.UserPassword(user, password),
		Host:    loopback(r.Port),
		Path:    "/" + vhost,
		RawPath: "/" + url.PathEscape(vhost),
	}
	return address.String()
}

// ready opens a connection of the first user: it passes when the broker has
// imported its users and vhosts, too.
func (r RabbitMQ) ready(ctx context.Context) error {
	if len(r.Users) == 0 || len(r.Users[0].VHosts) == 0 {
		return fmt.Errorf("%s has no user with a vhost", r.name())
	}
	user := r.Users[0]
	conn, err := amqp.DialConfig(r.URL(user.Name, user.Password, user.VHosts[0]), amqp.Config{Dial: dialer(ctx)})
	if err != nil {
		return err
	}
	return conn.Close()
}

func (r RabbitMQ) name() string {
	if r.Name == "" {
		return "rabbitmq"
	}
	return r.Name
}

func (r RabbitMQ) config() string  { return filepath.Join(r.Dir, "rabbitmq.conf") }
func (r RabbitMQ) plugins() string { return filepath.Join(r.Dir, "enabled_plugins") }
