package citus

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Warm opens up to n connections and has each see what a request of the tenant
// sees first, so that no client of a tenant that arrives with traffic pays for
// connections and cold caches. An absent right to serve it is no error.
func (s *Store) Warm(ctx context.Context, id tenancy.ID, n int) error {
	n = min(n, int(s.pool.Config().MaxConns))
	conns := make([]*pgxpool.Conn, 0, n)
	defer func() {
		for _, conn := range conns {
			conn.Release()
		}
	}()
	for range n { // held together, so that they are n
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			return translate(err, nil)
		}
		conns = append(conns, conn)
		w := begin(&cell.Call{Tenant: id, System: true}, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
		w.Queue(readByKey, w.tenant(), w.keyHash())
		w.Queue("COMMIT")
		if err := prepared.Send(ctx, conn.Conn(), &w.Batch); err != nil {
			return translate(err, nil)
		}
	}
	return nil
}
