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

// DeliveryLife is how long a webhook's delivery that is over is shown.
const DeliveryLife = 30 * 24 * time.Hour

// aging are rows of a table that may be forgotten at an age.
type aging struct {
	table, column, only string
	life                time.Duration
}

var (
	agingAnswers    = aging{table: "idempotency_keys", column: "created_at", only: "true", life: AnswerLife}
	agingDeliveries = aging{table: "webhook_deliveries", column: "updated_at", only: "i.state <> 'pending'", life: DeliveryLife}
)

// Forgotten is found across tenants and deleted a tenant at a time, behind its
// fence: what is frozen stays as it is, and each statement stays on one node.
func (a aging) find() string {
	return `
		SELECT tenant_id, max(aged) FROM (
			SELECT i.tenant_id, i.` + a.column + ` AS aged FROM ` + a.table + ` i
			JOIN tenants t ON t.tenant_id = i.tenant_id JOIN tenant_gate g ON g.tenant_id = i.tenant_id
			WHERE i.` + a.column + ` < now() - $1::interval AND ` + a.only + ` AND t.state = 'live' AND g.open ORDER BY aged LIMIT $2) AS oldest
		GROUP BY tenant_id`
}

func (a aging) forget() string {
	return `
		WITH fence AS MATERIALIZED (
			SELECT t.state FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id
			WHERE t.tenant_id = $1 AND g.open FOR SHARE OF t)
		DELETE FROM ` + a.table + ` i WHERE i.tenant_id = $1 AND i.` + a.column + ` <= $2 AND ` + a.only + `
			AND EXISTS (SELECT FROM fence WHERE fence.state = 'live')`
}

// ForgetAnswers deletes answers that are older than AnswerLife, the oldest
// first, a bounded number at a time. It returns how many.
func (m *Mover) ForgetAnswers(ctx context.Context) (int64, error) {
	return m.forgetAged(ctx, agingAnswers)
}

// ForgetDeliveries deletes deliveries that have been over for DeliveryLife, with
// their attempts, likewise.
func (m *Mover) ForgetDeliveries(ctx context.Context) (int64, error) {
	return m.forgetAged(ctx, agingDeliveries)
}

func (m *Mover) forgetAged(ctx context.Context, a aging) (int64, error) {
	var total int64
	for range forgetBatches {
		n, err := m.forgetBatch(ctx, a)
		total += n
		if err != nil || n < forgetBatch {
			return total, translate(err, nil)
		}
	}
	return total, nil
}

func (m *Mover) forgetBatch(ctx context.Context, a aging) (int64, error) {
	type share struct {
		Tenant uuid.UUID
		Until  time.Time
	}
	rows, err := m.pool.Query(ctx, a.find(), a.life, forgetBatch)
	if err != nil {
		return 0, err
	}
	shares, err := pgx.CollectRows(rows, pgx.RowToStructByPos[share])
	if err != nil {
		return 0, err
	}
	var deleted int64
	for _, s := range shares {
		tag, err := m.pool.Exec(ctx, a.forget(), s.Tenant, s.Until)
		if err != nil {
			return deleted, err
		}
		deleted += tag.RowsAffected()
	}
	return deleted, nil
}
