package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AnswerLife is how long a request may be repeated with its Idempotency-Key; a
// little longer while the tenant cannot be written to.
const AnswerLife = 24 * time.Hour

const (
	forgetBatch   = 1000 // rows of one batch, about
	forgetBatches = 20   // of one call
)

// Answers are found across tenants and deleted a tenant at a time, behind its
// fence: what is frozen stays as it is, and each statement stays on one node.
const (
	agedAnswersSQL = `
		SELECT tenant_id, max(created_at) FROM (
			SELECT i.tenant_id, i.created_at FROM idempotency_keys i
			JOIN tenants t ON t.tenant_id = i.tenant_id JOIN tenant_gate g ON g.tenant_id = i.tenant_id
			WHERE i.created_at < now() - $1::interval AND t.state = 'live' AND g.open ORDER BY i.created_at LIMIT $2) AS oldest
		GROUP BY tenant_id`
	forgetAnswersSQL = liveFence + `
		DELETE FROM idempotency_keys WHERE tenant_id = $1 AND created_at <= $2 AND ` + isLive
)

// ForgetAnswers deletes answers that are older than AnswerLife, the oldest
// first, a bounded number at a time. It returns how many.
func (m *Mover) ForgetAnswers(ctx context.Context) (int64, error) {
	var total int64
	for range forgetBatches {
		n, err := m.forgetBatch(ctx)
		total += n
		if err != nil || n < forgetBatch {
			return total, translate(err, nil)
		}
	}
	return total, nil
}

func (m *Mover) forgetBatch(ctx context.Context) (int64, error) {
	type share struct {
		Tenant uuid.UUID
		Until  time.Time
	}
	rows, err := m.pool.Query(ctx, agedAnswersSQL, AnswerLife, forgetBatch)
	if err != nil {
		return 0, err
	}
	shares, err := pgx.CollectRows(rows, pgx.RowToStructByPos[share])
	if err != nil {
		return 0, err
	}
	var deleted int64
	for _, s := range shares {
		tag, err := m.pool.Exec(ctx, forgetAnswersSQL, s.Tenant, s.Until)
		if err != nil {
			return deleted, err
		}
		deleted += tag.RowsAffected()
	}
	return deleted, nil
}
