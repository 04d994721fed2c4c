package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// clockSkew is how much a router's clock may be behind ours.
const clockSkew = 5 * time.Second

// AddHeldWindows stores what routers report, each window once, with the migration
// that the tenant's requests met: the last one that had begun. Windows of no
// migration are left out.
func (s MigrationStore) AddHeldWindows(ctx context.Context, windows []directory.HeldWindow) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		for _, w := range windows {
			b.Queue(`
INSERT INTO held_windows (window_id, migration_id, held, failed, longest_ms)
SELECT $1::uuid, migration_id, $4::bigint, $5::bigint, $6::bigint FROM migrations WHERE tenant_id = $2 AND created_at <= $3 ORDER BY migration_id DESC LIMIT 1
ON CONFLICT DO NOTHING`, [16]byte(w.ID), [16]byte(w.TenantID), w.Began.Add(clockSkew), w.Held, w.Failed, w.Longest)
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

// Unsummed returns migrations that were certified before the given time, without
// what the routers held.
func (s MigrationStore) Unsummed(ctx context.Context, before time.Time, limit int) ([]controlplane.CertifiedMigration, error) {
	rows, err := s.pool.Query(ctx, `
SELECT m.migration_id, m.tenant_id, m.certificate::text, coalesce(sum(w.held), 0)::bigint, coalesce(sum(w.failed), 0)::bigint, coalesce(max(w.longest_ms), 0)::bigint
FROM migrations m LEFT JOIN held_windows w ON w.migration_id = m.migration_id
WHERE m.certificate IS NOT NULL AND NOT m.summed AND (m.certificate -> 'certificate' ->> 'issued')::timestamptz < $1
GROUP BY m.migration_id ORDER BY m.migration_id LIMIT $2`, before, limit)
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c controlplane.CertifiedMigration, err error) {
		var document string
		err = row.Scan((*[16]byte)(&c.ID), (*[16]byte)(&c.TenantID), &document, &c.Held.Requests, &c.Held.Failed, &c.Held.LongestMillis)
		c.Document = []byte(document)
		return c, err
	})
	return found, outage(err)
}

// Sum puts a certificate in the place of the one that was there, once.
func (s MigrationStore) Sum(ctx context.Context, m controlplane.CertifiedMigration, certificate []byte) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE migrations SET certificate = $2, summed = true WHERE migration_id = $1 AND NOT summed`, [16]byte(m.ID), string(certificate))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.record(ctx, tx, "migration.certify", m.TenantID.String(), map[string]any{"migration": m.ID, "certificate": rawJSON(certificate)})
	})
}
