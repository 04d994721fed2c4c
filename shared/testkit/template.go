package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/servers"
)

// PostgresWithSchema is Postgres with a schema in it: apply runs once in a
// test run, into a template of which each test gets a copy, which is much
// faster than applying the schema for each.
//
// Callers with the same name share the template, so a name stands for one
// schema. No two applies run at the same time anywhere in the test run: they
// may create roles, which are the whole server's, if they do so only when the
// role is absent.
//
// A schema that creates the Citus extension is refused: a database on a cluster
// is one on each of its nodes. See [Sharded].
func PostgresWithSchema(t testing.TB, name string, apply func(ctx context.Context, dsn string) error) string {
	t.Helper()
	server, err := postgresServer()
	if err != nil {
		t.Fatal(err)
	}
	database, err := ensureTemplate(Context(t), server, name, func(ctx context.Context, admin *pgx.Conn, database string) error {
		return makeTemplate(ctx, admin, server, database, apply)
	})
	if err != nil {
		t.Fatalf("apply schema %s: %v", name, err)
	}
	return newDatabase(t, database)
}

// templates holds, by name, what this program knows to be there.
var templates sync.Map

type template struct {
	mu   sync.Mutex
	done bool
}

// ensureTemplate has the template made unless some program of the test run has
// made it, and returns its database.
func ensureTemplate(ctx context.Context, server servers.Postgres, name string, create func(ctx context.Context, admin *pgx.Conn, database string) error) (string, error) {
	known, _ := templates.LoadOrStore(name, &template{})
	m, _ := known.(*template)
	digest := sha256.Sum256([]byte(name))
	database := "template_" + hex.EncodeToString(digest[:8])
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return database, nil
	}
	err := oneAtATime(ctx, server, func(admin *pgx.Conn) error { return create(ctx, admin, database) })
	m.done = err == nil
	return database, err
}

// oneAtATime holds a lock of the server while it calls f.
func oneAtATime(ctx context.Context, server servers.Postgres, f func(*pgx.Conn) error) error {
	const lock = 7_465_737_400
	return onConnection(ctx, server.SuperDSN("postgres"), func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lock)); err != nil {
			return err
		}
		return f(conn) // closing the connection releases the lock
	})
}

// makeTemplate marks the database a template as the last step: one that is not
// marked is left over from an attempt that failed.
func makeTemplate(ctx context.Context, admin *pgx.Conn, server servers.Postgres, database string, apply func(context.Context, string) error) error {
	if whole, err := isTemplate(ctx, admin, database); err != nil || whole {
		return err
	}
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + quoted(database) + " WITH (FORCE)",
		"CREATE DATABASE " + quoted(database),
	} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return err
		}
	}
	dsn := server.SuperDSN(database)
	if err := apply(ctx, dsn); err != nil {
		return err
	}
	if err := refuseCitus(ctx, dsn); err != nil {
		return err
	}
	_, err := admin.Exec(ctx, "ALTER DATABASE "+quoted(database)+" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
	return err
}

func isTemplate(ctx context.Context, admin *pgx.Conn, database string) (bool, error) {
	var whole bool
	const query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)"
	err := admin.QueryRow(ctx, query, database).Scan(&whole)
	return whole, err
}

func refuseCitus(ctx context.Context, dsn string) error {
	return onConnection(ctx, dsn, func(conn *pgx.Conn) error {
		var there bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')").Scan(&there)
		if err == nil && there {
			err = errors.New("a database with the Citus extension is one on every node: use testkit.Sharded")
		}
		return err
	})
}
