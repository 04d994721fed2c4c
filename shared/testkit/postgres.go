package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"sync"
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
		statement = copyOf(template, name)
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

// copyOf copies file by file: page by page through the log takes three times
// the processor.
func copyOf(template, name string) string {
	return "CREATE DATABASE " + quoted(name) + " TEMPLATE " + quoted(template) + " STRATEGY file_copy"
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

// execOn runs statements, each on its own.
func execOn(ctx context.Context, dsn string, statements ...string) error {
	return spares.on(ctx, dsn, func(conn *pgx.Conn) error {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// spares keeps one connection a server for what is done to databases: a new
// one would take as long as a test.
var spares spareConnections

type spareConnections struct {
	mu   sync.Mutex
	idle map[string]*pgx.Conn // by DSN; they go with the program
}

func (s *spareConnections) on(ctx context.Context, dsn string, use func(*pgx.Conn) error) error {
	conn := s.take(dsn)
	if conn == nil {
		var err error
		if conn, err = pgx.Connect(ctx, dsn); err != nil {
			return err
		}
	}
	err := use(conn)
	if err == nil && s.keep(dsn, conn) {
		return nil
	}
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

func (s *spareConnections) take(dsn string) *pgx.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.idle[dsn]
	delete(s.idle, dsn)
	return conn
}

func (s *spareConnections) keep(dsn string, conn *pgx.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle[dsn] != nil {
		return false
	}
	if s.idle == nil {
		s.idle = map[string]*pgx.Conn{}
	}
	s.idle[dsn] = conn
	return true
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
