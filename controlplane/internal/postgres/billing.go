package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// BillingStore keeps tenants' billing accounts, and the orders to sync them.
type BillingStore struct{ *DB }

// Account returns a tenant's account as of its last sync.
func (s BillingStore) Account(ctx context.Context, id tenancy.ID) (controlplane.BillingAccount, error) {
	var a controlplane.BillingAccount
	var synced *time.Time
	var customer string
	err := s.pool.QueryRow(ctx, `SELECT record, customer, synced_at FROM billing_accounts WHERE tenant_id = $1`, [16]byte(id)).Scan(&a, &customer, &synced)
	a.TenantID, a.Customer, a.SyncedAt = id, customer, orZero(synced)
	return a, none(err, "billing account")
}

// OpenAccount makes a tenant's account, or gives the one that there is another
// customer, to be synced at once; it returns the one that there is then: of two
// at the same time, one wins.
func (s BillingStore) OpenAccount(ctx context.Context, id tenancy.ID, customer, before string) (controlplane.BillingAccount, error) {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
INSERT INTO billing_accounts (tenant_id, customer, due_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET customer = excluded.customer, number = billing_accounts.number + 1, token = billing_accounts.token + 1,
  due_at = excluded.due_at, lease_until = NULL WHERE billing_accounts.customer = $4`,
			[16]byte(id), customer, s.now(), before)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.record(ctx, tx, "billing.open", id.String(), map[string]any{"customer": customer})
	})
	if err != nil {
		return controlplane.BillingAccount{}, err
	}
	return s.Account(ctx, id)
}

const orderSync = `UPDATE billing_accounts SET number = number + 1, due_at = least(due_at, $2), tries = 0 WHERE tenant_id = $1`

// OrderSync has a tenant's account synced at once.
func (s BillingStore) OrderSync(ctx context.Context, id tenancy.ID) error {
	_, err := s.pool.Exec(ctx, orderSync, [16]byte(id), s.now())
	return outage(err)
}

// orderFarewell has what a tenant subscribes to looked at when the tenant leaves,
// in the transaction that says so. It goes first: a sync that ends locks accounts
// before tenants, too.
func (db *DB) orderFarewell(ctx context.Context, tx pgx.Tx, id tenancy.ID) error {
	_, err := tx.Exec(ctx, orderSync, [16]byte(id), db.now())
	return err
}

// Receive keeps those events that are not known yet and orders a sync of their
// customers. It is one statement, and returns how many were new.
func (s BillingStore) Receive(ctx context.Context, source string, events []controlplane.BillingEvent) (fresh int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	ids, types, customers, created := make([]string, len(events)), make([]string, len(events)), make([]string, len(events)), make([]time.Time, len(events))
	for i, e := range events {
		ids[i], types[i], customers[i], created[i] = e.ID, e.Type, e.Customer, e.Created
	}
	// Customers are locked in one order, or two pages of events could wait for each other.
	err = s.pool.QueryRow(ctx, `
WITH fresh AS (
  INSERT INTO billing_events (event_id, type, customer, created_at, received_at, source)
  SELECT DISTINCT ON (e.id) e.id, e.type, e.customer, e.created, $5::timestamptz, $6::text FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS e (id, type, customer, created) ORDER BY e.id
  ON CONFLICT (event_id) DO NOTHING RETURNING customer),
due AS (
  SELECT a.tenant_id FROM billing_accounts a WHERE a.customer IN (SELECT customer FROM fresh) ORDER BY a.tenant_id FOR NO KEY UPDATE),
ordered AS (
  UPDATE billing_accounts a SET number = a.number + 1, due_at = least(a.due_at, $5::timestamptz), tries = 0 FROM due WHERE a.tenant_id = due.tenant_id)
SELECT count(*) FROM fresh`, ids, types, customers, created, s.now(), source).Scan(&fresh)
	return fresh, outage(err)
}

// Reconciled returns up to when Stripe's events were compared; zero: never.
func (s BillingStore) Reconciled(ctx context.Context) (time.Time, error) {
	var upTo *time.Time
	err := s.pool.QueryRow(ctx, `SELECT max(upto) FROM billing_reconciled`).Scan(&upTo)
	return orZero(upTo), outage(err)
}

// SetReconciled records a comparison; an earlier time changes nothing.
func (s BillingStore) SetReconciled(ctx context.Context, upTo time.Time) error {
	_, err := s.pool.Exec(ctx, `
INSERT INTO billing_reconciled (upto) VALUES ($1) ON CONFLICT (one) DO UPDATE SET upto = greatest(billing_reconciled.upto, excluded.upto)`, upTo)
	return outage(err)
}

// ClaimSyncs leases orders that are due, under new tokens.
func (s BillingStore) ClaimSyncs(ctx context.Context, now, until time.Time, limit int) ([]controlplane.BillingSync, error) {
	rows, err := s.pool.Query(ctx, `
UPDATE billing_accounts SET token = token + 1, lease_until = $2 WHERE tenant_id IN (
  SELECT tenant_id FROM billing_accounts WHERE due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING tenant_id, customer, number, token, tries`, now, until, limit)
	if err != nil {
		return nil, outage(err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o controlplane.BillingSync, err error) {
		err = row.Scan((*[16]byte)(&o.TenantID), &o.Customer, &o.Number, &o.Token, &o.Tries)
		return o, err
	})
	return due, outage(err)
}

// RetrySync puts an order off, unless there is a newer one.
func (s BillingStore) RetrySync(ctx context.Context, o controlplane.BillingSync, at time.Time) error {
	_, err := s.pool.Exec(ctx, `
UPDATE billing_accounts SET due_at = CASE WHEN number = $3 THEN $4 ELSE due_at END, lease_until = NULL, tries = tries + 1 WHERE tenant_id = $1 AND token = $2`,
		[16]byte(o.TenantID), o.Token, o.Number, at)
	return outage(err)
}

// Settle makes account and tenant be what a sync came to.
func (s BillingStore) Settle(ctx context.Context, o controlplane.BillingSync, to controlplane.Settlement) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		a := to.Account
		tag, err := tx.Exec(ctx, `
UPDATE billing_accounts SET record = $4, status = $5, plan = $6, standing = $7, currency = $8, revenue = $9, metered = $10, ended_at = $11, synced_at = $12,
  due_at = CASE WHEN number = $3 THEN $13 ELSE due_at END, lease_until = NULL, tries = 0
WHERE tenant_id = $1 AND token = $2`,
			[16]byte(o.TenantID), o.Token, o.Number, a, a.Status, a.Plan, string(a.Standing), a.Currency, a.MonthlyRevenue(), a.Metered, nullTime(a.EndedAt), s.now(), to.Again)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Stale, "the account is synced by another worker")
		}
		for _, r := range to.Refunds {
			if err := s.recordRefund(ctx, tx, o.TenantID, r); err != nil {
				return err
			}
		}
		if !to.Changed {
			return nil
		}
		_, err = s.changeTenant(ctx, tx, to.Tenant, "tenant.billing")
		if fault.CodeOf(err) == fault.Stale {
			return controlplane.ErrTenantChanged
		}
		return err
	})
}

func (s BillingStore) recordRefund(ctx context.Context, tx pgx.Tx, id tenancy.ID, r controlplane.Refund) error {
	tag, err := tx.Exec(ctx, `
INSERT INTO billing_refunds (charge, tenant_id, invoice, amount, currency, paid_at, refunded_at, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (charge) DO UPDATE SET amount = excluded.amount, invoice = excluded.invoice, refunded_at = excluded.refunded_at, recorded_at = excluded.recorded_at
WHERE billing_refunds.amount < excluded.amount`,
		r.Charge, [16]byte(id), r.Invoice, r.Amount, r.Currency, r.PaidAt, nullTime(r.RefundedAt), s.now())
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		_, err := tx.Exec(ctx, `UPDATE billing_refunds SET invoice = $2, refunded_at = $3 WHERE charge = $1 AND refunded_at IS NULL`, r.Charge, r.Invoice, nullTime(r.RefundedAt))
		return err
	}
	return s.record(ctx, tx, "billing.refund", id.String(), map[string]any{"charge": r.Charge, "amount": r.Amount, "currency": r.Currency})
}

// Refunds lists what a tenant was paid back, the newest first.
func (s BillingStore) Refunds(ctx context.Context, id tenancy.ID) ([]controlplane.Refund, error) {
	rows, err := s.pool.Query(ctx, `
SELECT charge, invoice, amount, currency, paid_at, coalesce(refunded_at, recorded_at) FROM billing_refunds WHERE tenant_id = $1 ORDER BY paid_at DESC, charge LIMIT 1000`, [16]byte(id))
	if err != nil {
		return nil, outage(err)
	}
	refunds, err := pgx.CollectRows(rows, pgx.RowToStructByPos[controlplane.Refund])
	return refunds, outage(err)
}

// BillingFigures are what dashboards show of all accounts.
type BillingFigures struct {
	Revenue       map[string]int64    // a month, by currency
	Subscriptions map[[2]string]int64 // by plan and status, live ones
	Standings     map[controlplane.Standing]int64
	Churned       int64 // subscriptions that ended in the last 30 days
	Due           int64 // accounts whose sync is due
	Oldest        time.Duration
	Unbilled      map[string]int64 // units by meter that Stripe was not told yet
}

// Figures adds all accounts up.
func (s BillingStore) Figures(ctx context.Context) (BillingFigures, error) {
	f := BillingFigures{Revenue: map[string]int64{}, Subscriptions: map[[2]string]int64{}, Standings: map[controlplane.Standing]int64{}, Unbilled: map[string]int64{}}
	now := s.now()
	rows, err := s.pool.Query(ctx, `
SELECT currency, plan, status, standing, count(*), sum(revenue)::bigint, count(*) FILTER (WHERE ended_at >= $1), count(*) FILTER (WHERE due_at <= $2),
  coalesce(min(due_at) FILTER (WHERE due_at <= $2), $2)
FROM billing_accounts GROUP BY currency, plan, status, standing`, now.AddDate(0, 0, -30), now)
	if err != nil {
		return f, outage(err)
	}
	var currency, plan, status, standing string
	var n, revenue, churned, due int64
	var oldest time.Time
	_, err = pgx.ForEachRow(rows, []any{&currency, &plan, &status, &standing, &n, &revenue, &churned, &due, &oldest}, func() error {
		if currency != "" {
			f.Revenue[currency] += revenue
		}
		if (controlplane.BillingAccount{Status: status}).Live() {
			f.Subscriptions[[2]string{plan, status}] += n
		}
		f.Standings[controlplane.Standing(standing)] += n
		f.Churned, f.Due, f.Oldest = f.Churned+churned, f.Due+due, max(f.Oldest, now.Sub(oldest))
		return nil
	})
	if err != nil {
		return f, outage(err)
	}
	f.Unbilled, err = s.unbilled(ctx)
	return f, err
}

func (s BillingStore) unbilled(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `
SELECT meter, sum(n)::bigint FROM (
  SELECT u.meter, u.quantity - u.allotted AS n FROM usage_totals u JOIN billing_accounts a USING (tenant_id) WHERE u.quantity > u.allotted AND a.metered
  UNION ALL SELECT meter, value FROM meter_events WHERE sent_at IS NULL) AS rest GROUP BY meter`)
	if err != nil {
		return nil, outage(err)
	}
	rest := map[string]int64{}
	var meter string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&meter, &n}, func() error { rest[meter] = n; return nil })
	return rest, outage(err)
}
