package local

import (
	"fmt"
	"slices"
	"strings"
)

// Names of steps.
const (
	stepBuild   = "build"
	stepControl = "control-database"
	stepCells   = "cells-registered"
	stepTenants = "demo-tenants"
	stepStripe  = "stripe-prices"
	stepHydra   = "hydra-database"
	stepClients = "oauth-clients"
)

func stepCell(cell string) string { return cell + "-database" }

// parts lists the platform's processes, in the order in which they are shown.
func (l layout) parts(bin string) ([]part, error) {
	broker := l.broker()
	all := []part{serverPart("pg-control", l.controlPostgres())}
	for _, at := range sites {
		all = append(all, serverPart("pg-"+at.cell, l.cellPostgres(at.cell)))
		for i, worker := range l.cellCluster(at.cell).Workers {
			all = append(all, serverPart(workerName(at.cell, i), worker))
		}
	}
	for _, at := range sites {
		all = append(all, serverPart("pgbouncer-"+at.cell, l.pooler(at.cell)))
	}
	all = append(all, serverPart("redis-edge", l.edgeRedis()))
	for _, at := range sites {
		all = append(all, serverPart("redis-"+at.cell, l.cellRedis(at.cell)))
	}
	all = append(all,
		serverPart("nats", l.nats()),
		part{name: "epmd", prepare: broker.Prepare, spec: broker.EpmdSpec()},
		serverPart("rabbitmq", broker, "epmd"),
		l.mail(bin),
		l.stripe(bin),
		serverPart("hydra", l.hydra(), stepHydra),
		l.controlPlane(bin),
	)
	for _, at := range sites {
		api, err := l.cellAPI(bin, at)
		if err != nil {
			return nil, fmt.Errorf("keys of %s: %w", at.cell, err)
		}
		all = append(all, api, l.cellWorker(bin, at))
	}
	for _, region := range regions {
		all = append(all, l.router(bin, region))
	}
	return append(all, l.watchers()...), nil
}

// PartNames lists every part that a platform may have, in the order in which they
// are shown. Only one that is watched has the last ones.
func PartNames() []string {
	all, err := layout{watched: true, jaeger: "jaeger"}.parts("")
	if err != nil {
		return nil // there are no keys to be wrong
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	return names
}

// findPart finds a part by its name; the error lists the names.
func findPart(parts []part, name string) (part, error) {
	i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
	if i < 0 {
		return part{}, fmt.Errorf("no part is called %q; there are: %s", name, strings.Join(PartNames(), ", "))
	}
	return parts[i], nil
}
