package testkit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/coditect/platform/shared/servers"
)

// addresses names the environment variable by which withservers tells test
// programs what it started.
const addresses = "PLATFORM_TEST_SERVERS"

// shared is what serves a whole test run.
type shared struct {
	Postgres servers.Citus    `json:"postgres"` // without workers: no cluster
	RabbitMQ servers.RabbitMQ `json:"rabbitmq"`
}

// inherited returns what withservers started, or nil without it.
var inherited = sync.OnceValues(func() (*shared, error) {
	encoded := os.Getenv(addresses)
	if encoded == "" {
		return nil, nil
	}
	var s shared
	if err := json.Unmarshal([]byte(encoded), &s); err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", addresses, err)
	}
	return &s, nil
})

var postgresCluster = sync.OnceValues(func() (servers.Citus, error) {
	if s, err := inherited(); s != nil || err != nil {
		return value(s).Postgres, err
	}
	cluster, _, err := startPostgres(context.Background())
	return cluster, err
})

func postgresServer() (servers.Postgres, error) {
	cluster, err := postgresCluster()
	return cluster.Coordinator, err
}

var rabbitServer = sync.OnceValues(func() (servers.RabbitMQ, error) {
	if s, err := inherited(); s != nil || err != nil {
		return value(s).RabbitMQ, err
	}
	server, _, err := startRabbitMQ(context.Background())
	return server, err
})

func value(s *shared) shared {
	if s == nil {
		return shared{}
	}
	return *s
}

// startPostgres starts one server, and the workers of a cluster if tests shall
// run on Citus.
func startPostgres(ctx context.Context) (servers.Citus, []*servers.Process, error) {
	workers, err := wantedWorkers()
	if err != nil {
		return servers.Citus{}, nil, err
	}
	dir, ports, err := place("postgres", 1+workers)
	if err != nil {
		return servers.Citus{}, nil, err
	}
	password := rand.Text() // one for all: Citus gives the coordinator's roles, the superuser's password too, to the workers
	cluster := servers.Citus{Coordinator: testServer(dir, ports[0], password, workers > 0)}
	for i, port := range ports[1:] {
		cluster.Workers = append(cluster.Workers, testServer(fmt.Sprintf("%s-worker%d", dir, i+1), port, password, true))
	}
	var processes []*servers.Process
	for _, server := range append([]servers.Postgres{cluster.Coordinator}, cluster.Workers...) {
		process, err := start(ctx, server)
		if err != nil {
			return servers.Citus{}, processes, err
		}
		processes = append(processes, process)
	}
	return cluster, processes, nil
}

func testServer(dir string, port int, password string, node bool) servers.Postgres {
	server := servers.Postgres{
		Dir: dir, Port: port, Password: password, Volatile: true,
		Settings: map[string]string{
			"max_connections":       "500",
			"max_replication_slots": "100",
			"max_wal_senders":       "100",
		},
	}
	if !node {
		return server
	}
	return server.Node()
}

// brokerUser may use every vhost that a test gets.
const brokerUser = "test"

func startRabbitMQ(ctx context.Context) (servers.RabbitMQ, []*servers.Process, error) {
	dir, ports, err := place("rabbitmq", 3)
	if err != nil {
		return servers.RabbitMQ{}, nil, err
	}
	server := servers.RabbitMQ{
		Dir: dir, Port: ports[0], DistPort: ports[1], EpmdPort: ports[2],
		Users: []servers.BrokerUser{{Name: brokerUser, Password: rand.Text(), VHosts: []string{"/"}}},
	}
	if err := server.Prepare(ctx); err != nil {
		return servers.RabbitMQ{}, nil, advise(err)
	}
	mapper, err := servers.Run(ctx, server.EpmdSpec(), servers.Attached)
	if err != nil {
		return servers.RabbitMQ{}, nil, advise(err)
	}
	broker, err := servers.Run(ctx, server.Spec(), servers.Attached)
	if err != nil {
		return servers.RabbitMQ{}, nil, advise(errors.Join(err, mapper.Stop(ctx)))
	}
	return server, []*servers.Process{mapper, broker}, nil
}

// place finds a server its directory and its ports.
func place(name string, ports int) (string, []int, error) {
	dir, err := runDir()
	if err != nil {
		return "", nil, err
	}
	free, err := servers.FreePorts(ports)
	return filepath.Join(dir, name), free, err
}

func advise(err error) error {
	return fmt.Errorf("tests need real servers: run make test, or deploy/local/install.sh: %w", err)
}
