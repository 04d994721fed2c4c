package testkit_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/testkit"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(testkit.Context(t), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(ctx context.Context, t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	first, second := connect(t, testkit.Postgres(t)), connect(t, testkit.Postgres(t))
	execute(ctx, t, first, "CREATE TABLE mine ()")
	execute(ctx, t, second, "CREATE TABLE mine ()")
}

func TestDatabaseGoesAwayWithASlotInUse(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	dsn := testkit.Postgres(t)
	execute(ctx, t, connect(t, dsn), "SELECT pg_create_logical_replication_slot(current_database()::text, 'pgoutput')")
	// The cleanup, which runs after this, fails the test if it cannot drop it.
}

func TestSchemaIsAppliedOnceAndCopied(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	var applied atomic.Int32
	apply := func(ctx context.Context, dsn string) error {
		applied.Add(1)
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "CREATE TABLE words (word text PRIMARY KEY)")
		return err
	}
	for range 3 {
		conn := connect(t, testkit.PostgresWithSchema(t, "testkit words", apply))
		execute(ctx, t, conn, "INSERT INTO words VALUES ('only mine')")
	}
	if got := applied.Load(); got > 1 {
		t.Errorf("applied %d times", got)
	}
}

func TestOtherRolesCanConnect(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	dsn := testkit.Postgres(t)
	role := "other_" + strings.ToLower(rand.Text()) // roles are the whole server's
	execute(ctx, t, connect(t, dsn), "CREATE ROLE "+role+" LOGIN PASSWORD 'p@ss/word'")
	var user string
	other := connect(t, testkit.DSNAs(t, dsn, role, "p@ss/word"))
	if err := other.QueryRow(ctx, "SELECT current_user").Scan(&user); err != nil || user != role {
		t.Errorf("connected as %q, %v", user, err)
	}
}
