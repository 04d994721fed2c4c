package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// UsageStore is the ledger of usage.
type UsageStore struct{ *DB }

// Behind returns, of a cell's heads, those of tenants that live there whose
// records were not all added, and up to where they were.
func (s UsageStore) Behind(ctx context.Context, cell string, heads []controlplane.UsageHead) ([]controlplane.UsageHead, error) {
	ids, epochs, sequences := make([][16]byte, len(heads)), make([]int64, len(heads)), make([]int64, len(heads))
	for i, h := range heads {
		ids[i], epochs[i], sequences[i] = h.Tenant, int64(h.Epoch), h.Sequence
	}
	rows, err := s.pool.Query(ctx, `
SELECT h.tenant_id, h.epoch, coalesce(u.sequence, 0) FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS h (tenant_id, epoch, sequence)
JOIN tenants t ON t.tenant_id = h.tenant_id AND t.cell_id = $1 LEFT JOIN usage_heads u ON u.tenant_id = h.tenant_id AND u.epoch = h.epoch
WHERE h.sequence > coalesce(u.sequence, 0) ORDER BY 1, 2`, cell, ids, epochs, sequences)
	if err != nil {
		return nil, outage(err)
	}
	behind, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h controlplane.UsageHead, err error) {
		err = row.Scan((*[16]byte)(&h.Tenant), &h.Epoch, &h.Sequence)
		return h, err
	})
	return behind, outage(err)
}

// AddUsage adds units to a tenant's totals and moves its head.
func (s UsageStore) AddUsage(ctx context.Context, from controlplane.UsageHead, to int64, units map[string]int64) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`
INSERT INTO usage_heads (tenant_id, epoch, sequence) VALUES ($1, $2, $4)
ON CONFLICT (tenant_id, epoch) DO UPDATE SET sequence = excluded.sequence WHERE usage_heads.sequence = $3`,
			[16]byte(from.Tenant), int64(from.Epoch), from.Sequence, to)
		for _, meter := range slices.Sorted(maps.Keys(units)) { // locks in one order
			batch.Queue(`
INSERT INTO usage_totals (tenant_id, meter, quantity) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, meter) DO UPDATE SET quantity = usage_totals.quantity + excluded.quantity`, [16]byte(from.Tenant), meter, units[meter])
		}
		results := tx.SendBatch(ctx, batch)
		moved, err := results.Exec()
		if err == nil && moved.RowsAffected() == 0 {
			err = fault.New(fault.Stale, "the ledger has records of the tenant behind %d already", from.Sequence)
		}
		for range len(units) {
			if err == nil {
				_, err = results.Exec()
			}
		}
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
		return err
	})
}

// CutUsage allots what was used to events of this moment, or to what is waived.
// It is one statement. The identifier names what it counts, so it is the same
// for whoever cuts: a tenant's meter, and up to where it was allotted before.
func (s UsageStore) CutUsage(ctx context.Context, now time.Time, limit int) (int, error) {
	tag, err := s.pool.Exec(ctx, `
WITH due AS (
  SELECT u.tenant_id, u.meter, u.allotted, u.quantity - u.allotted AS rest, coalesce(a.metered, false) AS metered, a.customer
  FROM usage_totals u LEFT JOIN billing_accounts a USING (tenant_id)
  WHERE u.quantity > u.allotted AND NOT EXISTS (
    SELECT FROM meter_events e WHERE e.tenant_id = u.tenant_id AND e.meter = u.meter AND (e.sent_at IS NULL OR e.minute = date_trunc('minute', $1::timestamptz)))
  ORDER BY u.tenant_id, u.meter LIMIT $2 FOR NO KEY UPDATE OF u SKIP LOCKED),
cut AS (
  INSERT INTO meter_events (identifier, tenant_id, customer, meter, value, at, minute)
  SELECT tenant_id || ':' || meter || ':' || allotted, tenant_id, customer, meter, rest, $1, date_trunc('minute', $1::timestamptz) FROM due WHERE metered)
UPDATE usage_totals u SET allotted = u.allotted + due.rest, waived = u.waived + CASE WHEN due.metered THEN 0 ELSE due.rest END
FROM due WHERE u.tenant_id = due.tenant_id AND u.meter = due.meter`, now.Truncate(time.Second), limit)
	return int(tag.RowsAffected()), outage(err)
}

// ClaimEvents leases pending events, and records the first time of each.
func (s UsageStore) ClaimEvents(ctx context.Context, now, until time.Time, limit int) ([]controlplane.MeterEvent, error) {
	rows, err := s.pool.Query(ctx, `
UPDATE meter_events SET lease_until = $2, first_try = coalesce(first_try, $1) WHERE identifier IN (
  SELECT identifier FROM meter_events WHERE sent_at IS NULL AND (lease_until IS NULL OR lease_until <= $1) ORDER BY at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING identifier, tenant_id, customer, meter, value, at, first_try`, now, until, limit)
	if err != nil {
		return nil, outage(err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e controlplane.MeterEvent, err error) {
		err = row.Scan(&e.Identifier, (*[16]byte)(&e.Tenant), &e.Customer, &e.Meter, &e.Value, &e.At, &e.FirstTry)
		return e, err
	})
	return due, outage(err)
}

// EventSent ends an event.
func (s UsageStore) EventSent(ctx context.Context, e controlplane.MeterEvent) error {
	_, err := s.pool.Exec(ctx, `UPDATE meter_events SET sent_at = $2 WHERE identifier = $1 AND sent_at IS NULL`, e.Identifier, s.now())
	return outage(err)
}

// TryAfresh has an event's first try be now.
func (s UsageStore) TryAfresh(ctx context.Context, e controlplane.MeterEvent, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE meter_events SET first_try = $2 WHERE identifier = $1 AND sent_at IS NULL`, e.Identifier, now)
	return outage(err)
}

// UsedSince returns what of each meter a tenant has used since a time: what was
// cut then or later, and what is still to be cut.
func (s UsageStore) UsedSince(ctx context.Context, id tenancy.ID, meters []string, since time.Time) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `
SELECT m.meter, (coalesce(cut.value, 0) + coalesce(u.quantity - u.allotted, 0))::bigint FROM unnest($2::text[]) AS m (meter)
CROSS JOIN LATERAL (
  SELECT sum(e.value) AS value FROM meter_events e
  WHERE e.tenant_id = $1 AND e.meter = m.meter AND e.minute >= date_trunc('minute', $3::timestamptz) AND e.at >= $3) AS cut
LEFT JOIN usage_totals u ON u.tenant_id = $1 AND u.meter = m.meter`, [16]byte(id), meters, since)
	if err != nil {
		return nil, outage(err)
	}
	used := make(map[string]int64, len(meters))
	var meter string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&meter, &n}, func() error { used[meter] = n; return nil })
	return used, outage(err)
}
