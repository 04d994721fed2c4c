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
	dsn := newDatabase(t, "")
	database := dsn[strings.LastIndexByte(dsn, '/')+1 : strings.IndexByte(dsn, '?')]
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for _, worker := range cluster.Workers {
			if err := dropDatabase(ctx, worker.SuperDSN("postgres"), database); err != nil {
				t.Errorf("drop database %s on a worker: %v", database, err)
			}
		}
	})
	ctx := Context(t)
	// Few shards make a database quick to create; two a worker are as good a test as thirty.
	err = oneAtATime(ctx, cluster.Coordinator, func(admin *pgx.Conn) error {
		if _, err := admin.Exec(ctx, "ALTER DATABASE "+quoted(database)+" SET citus.shard_count = 4"); err != nil {
			return err
		}
		if err := cluster.Enable(ctx, database, logins); err != nil {
			return err
		}
		return apply(ctx, dsn)
	})
	if err != nil {
		t.Fatalf("apply schema %s: %v", name, err)
	}
	return dsn
}
