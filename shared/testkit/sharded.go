package testkit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/servers"
)

// databaseChoice names the environment variable that says what tests of
// sharded schemas run on: "postgres" or "citus". Without it they run on Citus
// where the installed Postgres offers it.
const databaseChoice = "TEST_DATABASE"

// citusWorkers is the size of the tests' cluster, beside its coordinator.
const citusWorkers = 2

func wantedWorkers() (int, error) {
	switch choice := os.Getenv(databaseChoice); {
	case choice == "postgres", choice == "" && !servers.CitusOffered():
		return 0, nil
	case choice != "" && choice != "citus":
		return 0, fmt.Errorf("%s=%q: say postgres or citus", databaseChoice, choice)
	case !servers.CitusOffered():
		return 0, fmt.Errorf("%s=citus, and the installed Postgres does not offer the extension", databaseChoice)
	}
	return citusWorkers, nil
}

// OnCitus reports whether the databases of Sharded are on a cluster.
func OnCitus(t testing.TB) bool {
	t.Helper()
	cluster, err := postgresCluster()
	if err != nil {
		t.Fatal(err)
	}
	return len(cluster.Workers) > 0
}

// Sharded is PostgresWithSchema for a schema that distributes its tables where
// it can: on Citus the database is on a cluster of a coordinator and two
// workers. logins has the passwords of the roles that the schema makes.
func Sharded(t testing.TB, name string, logins map[string]string, apply func(ctx context.Context, dsn string) error) string {
	t.Helper()
	if !OnCitus(t) {
		return PostgresWithSchema(t, name, apply)
	}
	cluster, err := postgresCluster()
	if err != nil {
		t.Fatal(err)
	}
	template, err := ensureTemplate(Context(t), cluster.Coordinator, "sharded "+name, func(ctx context.Context, admin *pgx.Conn, database string) error {
		return makeShardedTemplate(ctx, admin, cluster, database, logins, apply)
	})
	if err != nil {
		t.Fatalf("apply schema %s: %v", name, err)
	}
	dsn := newDatabase(t, template)
	database := dsn[strings.LastIndexByte(dsn, '/')+1 : strings.IndexByte(dsn, '?')]
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := dropOnWorkers(ctx, cluster, database); err != nil {
			t.Errorf("drop database %s on a worker: %v", database, err)
		}
	})
	if err := copyToWorkers(Context(t), cluster, template, database); err != nil {
		t.Fatalf("copy schema %s: %v", name, err)
	}
	return dsn
}
