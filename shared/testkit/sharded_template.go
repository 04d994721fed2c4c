package testkit

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/servers"
)

// A database on a cluster is one of the same name on every node: the
// coordinator's knows the workers by address, and they are asked for the name of
// the one that is in use. So copies of a template on every node are such a
// database again, and cost a moment where distributing the tables costs minutes
// on a busy machine.

func nodesOf(cluster servers.Citus) []servers.Postgres {
	return append([]servers.Postgres{cluster.Coordinator}, cluster.Workers...)
}

// makeShardedTemplate makes the template on every node, the coordinator's mark
// as the last.
func makeShardedTemplate(ctx context.Context, admin *pgx.Conn, cluster servers.Citus, database string, logins map[string]string, apply func(context.Context, string) error) error {
	if whole, err := isTemplate(ctx, admin, database); whole || err != nil {
		return err
	}
	for _, node := range nodesOf(cluster) {
		if err := execOn(ctx, node.SuperDSN("postgres"), "DROP DATABASE IF EXISTS "+quoted(database)+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+quoted(database)); err != nil {
		return err
	}
	// Few shards make it quick; two a worker are as good a test as thirty.
	if _, err := admin.Exec(ctx, "ALTER DATABASE "+quoted(database)+" SET citus.shard_count = 4"); err != nil {
		return err
	}
	if err := cluster.Enable(ctx, database, logins); err != nil {
		return err
	}
	if err := apply(ctx, cluster.Coordinator.SuperDSN(database)); err != nil {
		return err
	}
	for _, node := range cluster.Workers {
		if err := execOn(ctx, node.SuperDSN("postgres"), sealTemplate(database)...); err != nil {
			return err
		}
	}
	return execOn(ctx, cluster.Coordinator.SuperDSN("postgres"), sealTemplate(database)...)
}

// sealTemplate lets nobody in any more, and sends Citus' own sessions away:
// what is in use cannot be copied.
func sealTemplate(database string) []string {
	return []string{
		"ALTER DATABASE " + quoted(database) + " WITH ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = " + literal(database),
		"ALTER DATABASE " + quoted(database) + " WITH IS_TEMPLATE true",
	}
}

// copyToWorkers makes the workers' part of a database, of the template's.
func copyToWorkers(ctx context.Context, cluster servers.Citus, template, database string) error {
	for _, worker := range cluster.Workers {
		if err := execOn(ctx, worker.SuperDSN("postgres"), copyOf(template, database)); err != nil {
			return err
		}
	}
	return nil
}

func dropOnWorkers(ctx context.Context, cluster servers.Citus, database string) error {
	var problems []error
	for _, worker := range cluster.Workers {
		problems = append(problems, dropDatabase(ctx, worker.SuperDSN("postgres"), database))
	}
	return errors.Join(problems...)
}
