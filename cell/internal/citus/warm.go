package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// rehearsals are how often each connection does it: the transactions overlap, so
// that a pooler makes as many connections of the server's as the tenant will need.
const rehearsals = 4

// Warm opens up to n connections and has all do at once what requests of the tenant
// do, without effect, so that no client of a tenant that arrives with traffic pays
// for connections, plans and cold caches. An absent right to serve it is no error.
func (s *Store) Warm(ctx context.Context, id tenancy.ID, n int) error {
	crowd, ctx := errgroup.WithContext(ctx)
	for range min(n, int(s.pool.Config().MaxConns)) {
		crowd.Go(func() error {
			conn, err := s.pool.Acquire(ctx)
			if err != nil {
				return err
			}
			defer conn.Release()
			for range rehearsals {
				err := rehearse(ctx, conn.Conn(), id)
				rollback(ctx, conn)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return translate(crowd.Wait(), nil)
}

// rehearse does in a transaction, which it leaves open, what reads and writes of
// the tenant consist of. None of it meets a row of a project, and what is added is
// added to a tenant that nobody is.
func rehearse(ctx context.Context, conn *pgx.Conn, id tenancy.ID) error {
	if err := prepared.Learn(ctx, conn); err != nil {
		return err
	}
	nobody, none := tenancy.ID{}.String(), uuid.Nil.String()
	w := begin(&cell.Call{Tenant: id, System: true}, "BEGIN")
	for _, look := range []string{readByKey, writeByKey} {
		w.Queue(look, w.tenant(), w.keyHash())
	}
	w.Queue(holdWrites, w.tenant(), writeLock(id))
	w.Queue(selectProjectSQL, w.tenant(), none)
	w.Queue(lockProjectSQL, w.tenant(), none)
	w.Queue(updateProjectSQL, w.tenant(), none, nil, nil, nil, nil)
	w.Queue(deleteTermsSQL, w.tenant(), none, nameTerms)
	w.Queue(insertTermsSQL, nobody, none, nameTerms, []string{"none"})
	w.Queue(auditByKey, nobody, none, string(cell.ActorSystem), "none", "none", none, "", `{}`, w.keyHash())
	return prepared.Send(ctx, conn, &w.Batch)
}
