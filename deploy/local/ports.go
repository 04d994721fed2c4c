package local

import (
	"fmt"
	"net"
	"strconv"

	"github.com/coditect/platform/shared/servers"
)

// Ports is which loopback port serves what, by the names of portTable.
type Ports map[string]int

// portTable lists every port of the platform: its name, the part that listens
// there, and where it is unless Options.Ports says otherwise. A part's first
// port is the one that `status` shows.
var portTable = []struct {
	name, part string
	port       int
}{
	// What people use.
	{"router-us-central1", "router-us-central1", 8080},
	{"router-europe-west1", "router-europe-west1", 8081},
	{"controlplane", "controlplane", 8090},
	{"signin", "controlplane", 8092},
	{"hydra", "hydra", 8094},
	{"mail-page", "mail", 8025},
	{"stripe", "stripe", 8026},

	// Our programs' other doors.
	{"cell-a", "cell-a-api", 15400},
	{"cell-a-internal", "cell-a-api", 15401},
	{"cell-a-admin", "cell-a-api", 15402},
	{"cell-a-worker-admin", "cell-a-worker", 15403},
	{"cell-b", "cell-b-api", 15410},
	{"cell-b-internal", "cell-b-api", 15411},
	{"cell-b-admin", "cell-b-api", 15412},
	{"cell-b-worker-admin", "cell-b-worker", 15413},
	{"controlplane-admin", "controlplane", 15420},
	{"router-us-central1-admin", "router-us-central1", 15421},
	{"router-europe-west1-admin", "router-europe-west1", 15422},
	{"mail-smtp", "mail", 15425},
	{"hydra-admin", "hydra", 15426},

	// Servers.
	{"pg-control", "pg-control", 15432},
	{"pg-cell-a", "pg-cell-a", 15433},
	{"pg-cell-b", "pg-cell-b", 15434},
	{"pg-cell-a-worker1", "pg-cell-a-worker1", 15435}, // where the server offers Citus
	{"pg-cell-a-worker2", "pg-cell-a-worker2", 15436},
	{"pg-cell-b-worker1", "pg-cell-b-worker1", 15437},
	{"pg-cell-b-worker2", "pg-cell-b-worker2", 15438},
	{"pgbouncer-cell-a", "pgbouncer-cell-a", 15443},
	{"pgbouncer-cell-b", "pgbouncer-cell-b", 15444},
	{"redis-edge", "redis-edge", 15450},
	{"redis-cell-a", "redis-cell-a", 15451},
	{"redis-cell-b", "redis-cell-b", 15452},
	{"nats", "nats", 15460},
	{"rabbitmq", "rabbitmq", 15470},
	{"rabbitmq-dist", "rabbitmq", 15471},
	{"epmd", "epmd", 15472},

	// What watches.
	{"prometheus", "prometheus", 15480},
	{"alertmanager", "alertmanager", 15481},
	{"jaeger", "jaeger", 15482},
	{"jaeger-admin", "jaeger", 15483},
	{"jaeger-grpc", "jaeger", 15484},
	{"jaeger-otlp", "jaeger", 15485},
	{"jaeger-otlp-grpc", "jaeger", 15486},
	{"jaeger-collector", "jaeger", 15487},
	{"jaeger-collector-grpc", "jaeger", 15488},
}

// DefaultPorts is the usual place of every port, moved by offset.
func DefaultPorts(offset int) Ports {
	ports := make(Ports, len(portTable))
	for _, row := range portTable {
		ports[row.name] = row.port + offset
	}
	return ports
}

// FreePorts places every port where nobody listens, for platforms in tests.
func FreePorts() (Ports, error) {
	free, err := servers.FreePorts(len(portTable))
	if err != nil {
		return nil, err
	}
	ports := make(Ports, len(portTable))
	for i, row := range portTable {
		ports[row.name] = free[i]
	}
	return ports, nil
}

// Validate checks that every port is there, possible and used once.
func (p Ports) Validate() error {
	const firstAllowed, last = 1024, 65535
	user := make(map[int]string, len(portTable))
	for _, row := range portTable {
		port := p[row.name]
		if port < firstAllowed || port > last {
			return fmt.Errorf("port of %s: %d is not between %d and %d", row.name, port, firstAllowed, last)
		}
		if other, taken := user[port]; taken {
			return fmt.Errorf("port %d is both that of %s and that of %s", port, other, row.name)
		}
		user[port] = row.name
	}
	return nil
}

// address is where a client on this machine finds a port.
func (p Ports) address(name string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p[name]))
}

// url is the HTTP base URL of a port.
func (p Ports) url(name string) string { return "http://" + p.address(name) }

// portsOf lists the names of a part's ports, the most important first.
func portsOf(part string) []string {
	var names []string
	for _, row := range portTable {
		if row.part == part {
			names = append(names, row.name)
		}
	}
	return names
}
