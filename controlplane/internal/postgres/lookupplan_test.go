package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/testkit"
)

// Right after an import the tables' statistics are those of empty ones; a batch
// of lookups must not read all tenants because of that.
func TestLookupsGoByIndexWhateverTheStatistics(t *testing.T) {
	t.Parallel()
	dsn := testkit.PostgresWithSchema(t, "controlplane", func(ctx context.Context, dsn string) error {
		_, err := postgres.ApplySchema(ctx, dsn)
		return err
	})
	pool, err := pg.Open(t.Context(), dsn, pg.PoolOptions{MaxConns: 4})
	must(t, err)
	t.Cleanup(pool.Close)
	db := postgres.New(pool, time.Now)
	withCell(t, db, "cell-a", 10_000)
	_, err = postgres.ImportStore{DB: db}.Create(t.Context(), slugs("shop", 10_000), directory.Active)
	must(t, err)
	n := directory.MaxLookupKeys
	kinds, values, ids := make([]string, n), make([]string, n), make([]*[16]byte, n)
	rows, err := pool.Query(t.Context(), "EXPLAIN "+postgres.EntriesByKeys, kinds, values, ids)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	plan := strings.Join(lines, "\n")
	for _, index := range []string{"tenants_pkey", "claims_pkey"} {
		if !strings.Contains(plan, index) {
			t.Errorf("%s is not used:\n%s", index, plan)
		}
	}
	if strings.Contains(plan, "Seq Scan on tenants") || strings.Contains(plan, "Seq Scan on claims") {
		t.Errorf("a table is read as a whole:\n%s", plan)
	}
}
