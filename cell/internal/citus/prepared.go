package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/pg"
)

// prepared are the statements that the busiest operations consist of. To parse
// and plan them takes Postgres three times as long as to execute them.
var prepared = pg.Prepare(
	holdWrites, readByKey, readByUser, readByNobody, writeByKey, writeByUser, writeByNobody,
	selectProjectSQL, lockProjectSQL, insertProjectSQL, updateProjectSQL, deleteProjectSQL, deleteTermsSQL, insertTermsSQL,
	auditByKey, auditByToken, claimSQL, answerSQL,
	insertJobSQL, claimJobsSQL, finishJobSQL, beatSQL,
)

// send executes a batch that begins and ends its transaction.
func (s *Store) send(ctx context.Context, b *pgx.Batch) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return prepared.Send(ctx, conn.Conn(), b)
}
