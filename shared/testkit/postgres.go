package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres returns the superuser's DSN of a new, empty database, which is
// dropped when the test ends, with whatever is still connected to it.
//
// The server is shared: databases are the test's own, but roles, and the
// names of replication slots, are the whole server's.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "")
}

// DSNAs is the same database's DSN for another role.
func DSNAs(t testing.TB, dsn, role, password string) string {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(role, password)
	return address.String()
}

// newDatabase makes a database, as a copy of the template if there is one.
func newDatabase(t testing.TB, template string) string {
	t.Helper()
	server, err := postgresServer()
	if err != nil {
		t.Fatal(err)
	}
	name := databaseName(t)
	statement := "CREATE DATABASE " + quoted(name)
	if template != "" {
		statement += " TEMPLATE " + quoted(template)
	}
	admin := server.SuperDSN("postgres")
	if err := execOn(Context(t), admin, statement); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := dropDatabase(ctx, admin, name); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return server.SuperDSN(name)
}

// dropDatabase removes the database's replication slots first, which would
// keep it, and its sessions, which would keep those.
func dropDatabase(ctx context.Context, admin, name string) error {
	var last error
	dropped := poll(ctx, func() bool {
		last = execOn(ctx, admin,
			"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active AND database = "+literal(name),
			"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active AND database = "+literal(name),
			"DROP DATABASE "+quoted(name)+" WITH (FORCE)",
		)
		return last == nil
	})
	if dropped {
		return nil
	}
	return last
}

// execOn runs statements, each on its own, over one short connection.
func execOn(ctx context.Context, dsn string, statements ...string) error {
	return onConnection(ctx, dsn, func(conn *pgx.Conn) error {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func onConnection(ctx context.Context, dsn string, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	err = use(conn)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// databaseName tells in a server's log which test a database belongs to.
func databaseName(t testing.TB) string {
	const longest = 40 // of the 63 bytes a name may have
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(t.Name()))
	return readable[:min(len(readable), longest)] + "_" + strings.ToLower(rand.Text()[:10])
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
