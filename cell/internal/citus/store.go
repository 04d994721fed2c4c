package citus

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/shared/pg"
)

// Store is the door for work on behalf of one tenant. It is safe for
// concurrent use.
type Store struct {
	pool      *pgxpool.Pool
	keyUses   keyUses
	remembers Rememberer // nil: nobody
	admit     func(context.Context) error
}

// Admit has every use of the store ask first whether the database may be used:
// see package standing. Set it before the first one.
func (s *Store) Admit(admit func(context.Context) error) { s.admit = admit }

// acquire takes a connection, once the database may be used.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if s.admit != nil {
		if err := s.admit(ctx); err != nil {
			return nil, err
		}
	}
	return s.pool.Acquire(ctx)
}

// OpenStore returns a store on dsn, which names the role cell_app and may lead
// through PgBouncer in transaction mode. It does not connect yet.
func OpenStore(ctx context.Context, dsn string, maxConns int32) (*Store, error) {
	pool, err := pg.Open(ctx, dsn, pg.PoolOptions{MaxConns: maxConns, Pooled: true})
	if err != nil {
		return nil, err
	}
	return &Store{pool: pool}, nil
}

// Close waits for transactions in flight and closes every connection.
func (s *Store) Close() { s.pool.Close() }

// Watch shows how busy the store's connections are.
func (s *Store) Watch(registry prometheus.Registerer) { pg.Watch(registry, "tenants", s.pool) }

// CheckSchema returns ErrSchema if `cell schema up` has to be run first.
func (s *Store) CheckSchema(ctx context.Context) error { return checkSchema(ctx, s.pool) }

// row is what both a single row and one of many offer.
type row interface{ Scan(dest ...any) error }

// collect reads all rows of a result with the noun's own scan function.
func collect[T any](into *[]T, scan func(row) (T, error)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var err error
		*into, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (T, error) { return scan(r) })
		return err
	}
}
