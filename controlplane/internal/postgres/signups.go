package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// SignupStore keeps sign-ups. Every step is a compare-and-set on the sign-up's
// state and lease: a worker that lost its lease changes nothing any more.
type SignupStore struct{ *DB }

const selectSignups = `SELECT signup_id, key_hash, request_hash, tenant_id, cell_id, state, lease, lease_until FROM signups `

func scanSignup(row pgx.CollectableRow) (controlplane.Signup, error) {
	var s controlplane.Signup
	err := row.Scan((*[16]byte)(&s.ID), &s.KeyHash, &s.RequestHash, (*[16]byte)(&s.TenantID), &s.Cell, &s.State, (*[16]byte)(&s.Lease), &s.LeaseUntil)
	s.LeaseUntil = s.LeaseUntil.UTC()
	return s, err
}

// errLost means that somebody else has taken the sign-up over.
func errLost() error {
	return fault.New(fault.Conflict, "this sign-up is being worked on; repeat the request").After(time.Second)
}

// Find returns the sign-up with an Idempotency-Key's hash; found is false if
// there is none.
func (s SignupStore) Find(ctx context.Context, keyHash []byte) (signup controlplane.Signup, found bool, err error) {
	rows, err := s.pool.Query(ctx, selectSignups+`WHERE key_hash = $1`, keyHash)
	if err != nil {
		return signup, false, outage(err)
	}
	signup, err = pgx.CollectExactlyOneRow(rows, scanSignup)
	if errors.Is(err, pgx.ErrNoRows) {
		return signup, false, nil
	}
	return signup, err == nil, outage(err)
}

// Reserve begins a sign-up, or begins an undone one anew: it claims the slug,
// takes a place in the cell and inserts the provisioning tenant. Faults:
// conflict (the slug is taken, or the key is in
// other hands), stale (the cell has no room any more).
func (s SignupStore) Reserve(ctx context.Context, su controlplane.Signup, t controlplane.Tenant) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
INSERT INTO signups (signup_id, key_hash, request_hash, tenant_id, cell_id, state, lease, lease_until, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, 'reserved', $6, $7, $8, $8)
ON CONFLICT (key_hash) DO UPDATE SET tenant_id = excluded.tenant_id, cell_id = excluded.cell_id, state = 'reserved',
  lease = excluded.lease, lease_until = excluded.lease_until, updated_at = excluded.updated_at
WHERE signups.state = 'undone' AND signups.signup_id = excluded.signup_id`,
			[16]byte(su.ID), su.KeyHash, su.RequestHash, [16]byte(su.TenantID), su.Cell, [16]byte(su.Lease), su.LeaseUntil, s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errLost()
		}
		if err := claimSlug(ctx, tx, t); err != nil {
			return err
		}
		if err := takePlaces(ctx, tx, map[string]int{t.Cell: 1}); err != nil {
			return err
		}
		if err := s.insertTenant(ctx, tx, t); err != nil {
			return err
		}
		return s.record(ctx, tx, "signup.reserve", t.TenantID.String(), map[string]any{"slug": t.Slug, "cell": t.Cell, "placement": t.PlacementReason})
	})
}

func claimSlug(ctx context.Context, tx pgx.Tx, t controlplane.Tenant) error {
	tag, err := tx.Exec(ctx, `INSERT INTO claims (kind, value, tenant_id) VALUES ('slug', $1, $2) ON CONFLICT DO NOTHING`, string(t.Slug), [16]byte(t.TenantID))
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "the slug is taken").At("/slug", "choose another")
	}
	return nil
}

func (s SignupStore) insertTenant(ctx context.Context, tx pgx.Tx, t controlplane.Tenant) error {
	_, err := tx.Exec(ctx, `
INSERT INTO tenants (tenant_id, epoch, state, cell_id, plan, slug, organization, residency, placement_reason, created_at, updated_at)
VALUES ($1, $2, 'provisioning', $3, $4, $5, $6, $7, $8, $9, $9)`,
		[16]byte(t.TenantID), t.Epoch, t.Cell, t.Plan, string(t.Slug), t.Organization, t.Residency, t.PlacementReason, s.now())
	return err
}

// step moves a sign-up from one state to the next, if this worker holds it.
func (s SignupStore) step(ctx context.Context, tx pgx.Tx, su controlplane.Signup, from, to controlplane.SignupState) error {
	tag, err := tx.Exec(ctx, `UPDATE signups SET state = $4, updated_at = $5 WHERE signup_id = $1 AND lease = $2 AND state = $3`,
		[16]byte(su.ID), [16]byte(su.Lease), string(from), string(to), s.now())
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return errLost()
	}
	return nil
}

// Commit makes the tenant active: the commit point of a sign-up.
func (s SignupStore) Commit(ctx context.Context, su controlplane.Signup) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := s.step(ctx, tx, su, controlplane.SignupReserved, controlplane.SignupCommitted); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE tenants SET state = 'active', updated_at = $2 WHERE tenant_id = $1 AND state = 'provisioning'`, [16]byte(su.TenantID), s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errLost()
		}
		if err := s.record(ctx, tx, "signup.commit", su.TenantID.String(), map[string]any{"cell": su.Cell}); err != nil {
			return err
		}
		_, err = s.stampTenants(ctx, tx, su.TenantID)
		return err
	})
}

// Finish notes that the tenant is live in its cell.
func (s SignupStore) Finish(ctx context.Context, su controlplane.Signup) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		return s.step(ctx, tx, su, controlplane.SignupCommitted, controlplane.SignupDone)
	})
}

// Undo frees what Reserve took and orders the cell's rows to be removed at a
// later time, in case there are any.
func (s SignupStore) Undo(ctx context.Context, su controlplane.Signup, removeAt time.Time) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := s.step(ctx, tx, su, controlplane.SignupReserved, controlplane.SignupUndone); err != nil {
			return err
		}
		t, err := oneTenant(ctx, tx, su.TenantID, "")
		if err != nil {
			return err
		}
		if err := s.abandon(ctx, tx, []controlplane.Tenant{t}, removeAt); err != nil {
			return err
		}
		return s.record(ctx, tx, "signup.undo", su.TenantID.String(), map[string]any{"slug": t.Slug, "cell": t.Cell})
	})
}

// Take makes this worker the holder of a sign-up whose lease is over. A fault
// (conflict) means that somebody else was quicker.
func (s SignupStore) Take(ctx context.Context, su controlplane.Signup, lease uuid.UUID, now, until time.Time) (controlplane.Signup, error) {
	rows, err := s.pool.Query(ctx, `
UPDATE signups SET lease = $3, lease_until = $4 WHERE signup_id = $1 AND lease = $2 AND lease_until <= $5 AND state IN ('reserved', 'committed')
RETURNING signup_id, key_hash, request_hash, tenant_id, cell_id, state, lease, lease_until`,
		[16]byte(su.ID), [16]byte(su.Lease), [16]byte(lease), until, now)
	if err != nil {
		return su, outage(err)
	}
	taken, err := pgx.CollectExactlyOneRow(rows, scanSignup)
	if errors.Is(err, pgx.ErrNoRows) {
		return su, errLost()
	}
	return taken, outage(err)
}

// Release lets the next worker take the sign-up at once.
func (s SignupStore) Release(ctx context.Context, su controlplane.Signup, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE signups SET lease_until = $3 WHERE signup_id = $1 AND lease = $2`, [16]byte(su.ID), [16]byte(su.Lease), now)
	return outage(err)
}

// Unfinished returns sign-ups that nobody works on any more.
func (s SignupStore) Unfinished(ctx context.Context, now time.Time, limit int) ([]controlplane.Signup, error) {
	rows, err := s.pool.Query(ctx, selectSignups+`WHERE state IN ('reserved', 'committed') AND lease_until <= $1 ORDER BY lease_until LIMIT $2`, now, limit)
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, scanSignup)
	return found, outage(err)
}

// Forget removes finished sign-ups of before a time: their keys become free.
func (s SignupStore) Forget(ctx context.Context, before time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM signups WHERE state IN ('done', 'undone') AND updated_at < $1`, before)
	return outage(err)
}
