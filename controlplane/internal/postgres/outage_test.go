package postgres_test

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/testkit"
)

// A database that does not answer in time, or has no connection free, is an
// outage: every request begins with the check of a key, which has a limit.
func TestALimitThatIsOverIsAnOutage(t *testing.T) {
	t.Parallel()
	dsn := testkit.PostgresWithSchema(t, "controlplane", func(ctx context.Context, dsn string) error {
		_, err := postgres.ApplySchema(ctx, dsn)
		return err
	})
	pool, err := pg.Open(t.Context(), dsn, pg.PoolOptions{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	keys := postgres.KeyStore{DB: postgres.New(pool, time.Now)}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(testkit.Context(t)) })
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE api_keys`); err != nil {
		t.Fatal(err)
	}
	ask := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := keys.ByHash(ctx, controlplane.SecretHash(sha256.Sum256(nil)))
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
		if err := keys.Used(ctx, "nobody", time.Now()); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	ask("the table is locked")
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	ask("no connection is free")
}
