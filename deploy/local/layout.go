package local

import (
	"fmt"
	"maps"
	"path/filepath"

	"github.com/coditect/platform/shared/servers"
)

// layout says where everything of a platform is. It is a pure function of the
// directory, the ports and the secrets.
type layout struct {
	dir     string
	ports   Ports
	reach   Ports             // Options.Reach
	issuers map[string]Issuer // Options.Issuers
	hydraAt string            // Options.Hydra
	archive bool              // Options.Archived
	secrets Secrets
	root    string // the repository's
	watched bool
	traced  bool   // programs send their traces to Jaeger, also while it is not there
	jaeger  string // Jaeger's program; "" leaves it out
	traces  string // Options.Traces
}

// found is the layout as a program sees that looks for the others.
func (l layout) found() layout {
	ports := make(Ports, len(l.ports))
	maps.Copy(ports, l.ports)
	maps.Copy(ports, l.reach)
	return layout{dir: l.dir, ports: ports, hydraAt: l.hydraAt, archive: l.archive, secrets: l.secrets}
}

// Databases and the roles that own or use them.
const (
	controlDatabase = "controlplane"
	controlRole     = "controlplane"
	cellDatabase    = "cell"
	ownerRole       = "cell_owner"
	appRole         = "cell_app"
	relayRole       = "cell_relay"
	moverRole       = "cell_mover"
)

// data is a part's own directory.
func (l layout) data(part string) string { return filepath.Join(l.dir, dataDir, part) }

func (l layout) log(part string) string { return filepath.Join(l.data(part), part+".log") }

func (l layout) controlPostgres() servers.Postgres {
	return servers.Postgres{
		Name: "pg-control", Dir: l.data("pg-control"), Port: l.ports["pg-control"], Password: l.secrets.PostgresPassword,
	}
}

// cellPostgres is the server that a cell's programs connect to: the
// coordinator where Citus is offered.
func (l layout) cellPostgres(cell string) servers.Postgres { return l.cellCluster(cell).Coordinator }

// cellCluster has workers where Citus is offered, and none elsewhere.
func (l layout) cellCluster(cell string) servers.Citus {
	cluster := servers.Citus{Coordinator: l.cellServer("pg-" + cell)}
	if !servers.CitusOffered() {
		return cluster
	}
	cluster.Coordinator = cluster.Coordinator.Node()
	for i := range citusWorkers {
		cluster.Workers = append(cluster.Workers, l.cellServer(workerName(cell, i)).Node())
	}
	return cluster
}

const citusWorkers = 2

func workerName(cell string, i int) string { return fmt.Sprintf("pg-%s-worker%d", cell, i+1) }

func (l layout) cellServer(name string) servers.Postgres {
	server := servers.Postgres{
		Name: name, Dir: l.data(name), Port: l.ports[name], Password: l.secrets.PostgresPassword,
		Settings: map[string]string{"shared_buffers": "256MB"},
	}
	if l.archive {
		server.Archive, server.Checksums = l.data(name+"-archive"), true
	}
	return server
}

func (l layout) pooler(cell string) servers.PgBouncer {
	name := "pgbouncer-" + cell
	return servers.PgBouncer{
		Name: name, Dir: l.data(name), Port: l.ports[name],
		Databases:       map[string]servers.PooledDatabase{cellDatabase: {Port: l.found().ports["pg-"+cell], Name: cellDatabase}},
		Users:           map[string]string{appRole: l.secrets.Cells[cell].AppPassword},
		ConsolePassword: l.secrets.Cells[cell].ConsolePassword,
	}
}

func (l layout) edgeRedis() servers.Redis {
	return servers.Redis{
		Name: "redis-edge", Dir: l.data("redis-edge"), Port: l.ports["redis-edge"],
		Password: l.secrets.EdgeRedisPassword, MaxMemory: "64mb",
	}
}

// cellRedis keeps nothing over a restart: what it had lost of its last second
// would bring old answers back.
func (l layout) cellRedis(cell string) servers.Redis {
	name := "redis-" + cell
	return servers.Redis{
		Name: name, Dir: l.data(name), Port: l.ports[name],
		Password: l.secrets.Cells[cell].RedisPassword, MaxMemory: "256mb",
	}
}

// broker has a vhost for each cell, which the cell's user alone may use.
func (l layout) broker() servers.RabbitMQ {
	broker := servers.RabbitMQ{
		Name: "rabbitmq", Dir: l.data("rabbitmq"),
		Port: l.ports["rabbitmq"], DistPort: l.ports["rabbitmq-dist"], EpmdPort: l.ports["epmd"],
	}
	for _, at := range sites {
		broker.Users = append(broker.Users, servers.BrokerUser{
			Name: at.cell, Password: l.secrets.Cells[at.cell].BrokerPassword, VHosts: []string{at.cell},
		})
	}
	return broker
}

func (l layout) nats() servers.NATS {
	return servers.NATS{
		Name: "nats", Dir: l.data("nats"), Port: l.ports["nats"], User: "platform", Password: l.secrets.NATSPassword,
	}
}
