package citus

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A freeze ends by a change of state, never by a clock that somebody reads.
// State and gate change in one statement, of one tenant, so that it stays on
// one node under Citus. thawSQL lacks the states that it ends. reopenSQL only
// holds the state still: it must not wait for the writer because of which a
// freeze was given up.
const (
	thawSQL = `
		WITH thawed AS (
			UPDATE tenants SET state = 'live', frozen_until = NULL, changed_at = now()
			WHERE tenant_id = $1 AND epoch = $2 AND freeze_no = $3 AND state %s RETURNING tenant_id)
		UPDATE tenant_gate g SET open = true, closed_at = NULL FROM thawed WHERE g.tenant_id = $1 AND thawed.tenant_id = $1`
	reopenSQL = `
		WITH forgotten AS (
			SELECT tenant_id FROM tenants WHERE tenant_id = $1 AND epoch = $2 AND freeze_no = $3 AND state = 'live' FOR SHARE)
		UPDATE tenant_gate g SET open = true, closed_at = NULL FROM forgotten WHERE g.tenant_id = $1 AND forgotten.tenant_id = $1 AND NOT g.open`
)

// ExpireFreezes ends every freeze whose time has passed by the database's
// clock and returns how many there were.
func (m *Mover) ExpireFreezes(ctx context.Context) (int64, error) {
	return m.each(ctx, fmt.Sprintf(thawSQL, `= 'frozen'`), `SELECT tenant_id, epoch, freeze_no FROM tenants WHERE state = 'frozen' AND frozen_until < now()`)
}

// ReopenGates opens the gates of live tenants that were closed longer ago than
// grace: whoever closed them died before the freeze. It returns how many.
func (m *Mover) ReopenGates(ctx context.Context, grace time.Duration) (int64, error) {
	return m.each(ctx, reopenSQL, `
		SELECT t.tenant_id, t.epoch, t.freeze_no FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id
		WHERE NOT g.open AND t.state = 'live' AND g.closed_at < now() - $1::interval`, grace)
}

// each runs a compare-and-set for every fence that the query finds. What has
// changed since it was found is left alone.
func (m *Mover) each(ctx context.Context, statement, find string, args ...any) (int64, error) {
	rows, err := m.pool.Query(ctx, find, args...)
	if err != nil {
		return 0, translate(err, nil)
	}
	type fence struct {
		ID            uuid.UUID
		Epoch, Freeze uint64
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[fence])
	if err != nil {
		return 0, translate(err, nil)
	}
	var changed int64
	for _, f := range found {
		tag, err := m.pool.Exec(ctx, statement, f.ID, f.Epoch, f.Freeze)
		if err != nil {
			return changed, translate(err, nil)
		}
		changed += tag.RowsAffected()
	}
	return changed, nil
}
