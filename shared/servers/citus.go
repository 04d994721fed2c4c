package servers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CitusOffered reports whether the installed Postgres has the Citus extension.
// Every Postgres server then loads it; a database uses it only after
// CREATE EXTENSION citus.
func CitusOffered() bool {
	return exists(filepath.Join(postgresShare, "extension", "citus.control")) &&
		exists(filepath.Join(postgresLib, "citus.so"))
}

// citusFirst puts citus before the other preloaded libraries: it refuses any
// other place.
func citusFirst(libraries string) string {
	first := []string{"citus"}
	for library := range strings.SplitSeq(libraries, ",") {
		if library = strings.TrimSpace(library); library != "" && library != "citus" {
			first = append(first, library)
		}
	}
	return strings.Join(first, ",")
}

// Citus is a cluster: clients connect to the coordinator, the workers hold the
// shards. Every node has its own PassFile, and all have the same Password: the
// coordinator hands its roles, with their passwords, to the workers.
type Citus struct {
	Coordinator Postgres   `json:"coordinator"`
	Workers     []Postgres `json:"workers"`
}

// Node returns the server with what a node of a cluster needs.
func (s Postgres) Node() Postgres {
	settings := maps.Clone(s.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	settings["citus.node_conninfo"] = "sslmode=disable" // it never leaves the machine
	settings["citus.local_hostname"] = "127.0.0.1"      // where a node that moves shards finds itself, and its password
	settings["max_prepared_transactions"] = settings["max_connections"]
	if settings["max_prepared_transactions"] == "" {
		settings["max_prepared_transactions"] = "200"
	}
	settings["citus.stat_tenants_track"] = "all"
	settings["max_worker_processes"] = "100" // one a database with the extension, and more for moving shards
	s.Settings = settings
	s.PassFile = filepath.Join(s.Dir, "citus.pgpass")
	return s
}

func (c Citus) nodes() []Postgres { return append([]Postgres{c.Coordinator}, c.Workers...) }

// Enable makes the database on every node, with the extension, and tells the
// coordinator of the workers. Nodes connect to each other as the role that runs
// a query: logins has the password of every role that does, beside the
// superuser. It may be repeated.
func (c Citus) Enable(ctx context.Context, database string, logins map[string]string) error {
	for _, node := range c.nodes() {
		if err := c.writeLogins(node, logins); err != nil {
			return fmt.Errorf("passwords of %s: %w", node.name(), err)
		}
		if err := extend(ctx, node, database); err != nil {
			return fmt.Errorf("extension in %s: %w", node.name(), err)
		}
	}
	return onDatabase(ctx, c.Coordinator.SuperDSN(database), func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "SELECT citus_set_coordinator_host('127.0.0.1', $1)", c.Coordinator.Port); err != nil {
			return err
		}
		for _, worker := range c.Workers {
			if _, err := conn.Exec(ctx, "SELECT citus_add_node('127.0.0.1', $1)", worker.Port); err != nil {
				return fmt.Errorf("add %s: %w", worker.name(), err)
			}
		}
		return nil
	})
}

// writeLogins tells a node the passwords for every other one.
func (c Citus) writeLogins(node Postgres, logins map[string]string) error {
	var file strings.Builder
	for _, other := range c.nodes() {
		fmt.Fprintf(&file, "127.0.0.1:%d:*:%s:%s\n", other.Port, SuperUser, other.Password)
		for _, role := range slices.Sorted(maps.Keys(logins)) {
			fmt.Fprintf(&file, "127.0.0.1:%d:*:%s:%s\n", other.Port, role, logins[role])
		}
	}
	if err := writePrivate(node.PassFile, file.String()); err != nil {
		return err
	}
	return handOverFile(node.PassFile)
}

func extend(ctx context.Context, node Postgres, database string) error {
	err := onDatabase(ctx, node.SuperDSN("postgres"), func(conn *pgx.Conn) error {
		var there bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&there)
		if err != nil || there {
			return err
		}
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
		return err
	})
	if err != nil {
		return err
	}
	return onDatabase(ctx, node.SuperDSN(database), func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS citus")
		return err
	})
}

func onDatabase(ctx context.Context, dsn string, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(use(conn), conn.Close(context.WithoutCancel(ctx)))
}
