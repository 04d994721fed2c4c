package citus

import (
	"context"
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// A freeze ends by a change of state, never by a clock that somebody reads.
// Both updates are one statement, so gate and state cannot disagree for long.
const thawSQL = `
WITH thawed AS (
    UPDATE tenants SET state = 'live', frozen_until = NULL, changed_at = now()
    WHERE state = 'frozen' AND `

const reopenSQL = `
    RETURNING tenant_id)
UPDATE tenant_gate g SET open = true, closed_at = NULL FROM thawed WHERE g.tenant_id = thawed.tenant_id`

// Thaw ends freeze n before its time: frozen(n) → live, gate open.
func (m *Mover) Thaw(ctx context.Context, id tenancy.ID, epoch, n uint64) error {
	tag, err := m.pool.Exec(ctx, thawSQL+`tenant_id = $1 AND epoch = $2 AND freeze_no = $3`+reopenSQL, id.String(), epoch, n)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "this freeze does not hold any more")
	}
	return translate(err, nil)
}

// ExpireFreezes ends every freeze whose time has passed by the database's
// clock and returns how many there were.
func (m *Mover) ExpireFreezes(ctx context.Context) (int64, error) {
	tag, err := m.pool.Exec(ctx, thawSQL+`frozen_until < now()`+reopenSQL)
	return tag.RowsAffected(), translate(err, nil)
}

// ReopenGates opens the gates of live tenants that were closed longer ago than
// grace: whoever closed them died before the freeze. It returns how many.
func (m *Mover) ReopenGates(ctx context.Context, grace time.Duration) (int64, error) {
	tag, err := m.pool.Exec(ctx, `
		WITH forgotten AS (
			SELECT t.tenant_id FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id
			WHERE NOT g.open AND t.state = 'live' AND g.closed_at < now() - $1::interval FOR UPDATE OF t)
		UPDATE tenant_gate g SET open = true, closed_at = NULL FROM forgotten WHERE g.tenant_id = forgotten.tenant_id`, grace)
	return tag.RowsAffected(), translate(err, nil)
}
