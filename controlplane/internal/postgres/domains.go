package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// DomainStore keeps tenants' custom domains.
type DomainStore struct{ *DB }

const selectDomains = `SELECT tenant_id, domain, token, created_at, verified_at FROM custom_domains `

func scanDomain(row pgx.CollectableRow) (controlplane.Domain, error) {
	var d controlplane.Domain
	var verified *time.Time
	err := row.Scan((*[16]byte)(&d.TenantID), &d.Name, &d.Token, &d.CreatedAt, &verified)
	d.CreatedAt, d.VerifiedAt = d.CreatedAt.UTC(), orZero(verified)
	return d, err
}

// List returns a tenant's domains by name.
func (s DomainStore) List(ctx context.Context, id tenancy.ID) ([]controlplane.Domain, error) {
	rows, err := s.pool.Query(ctx, selectDomains+`WHERE tenant_id = $1 ORDER BY domain`, [16]byte(id))
	if err != nil {
		return nil, outage(err)
	}
	domains, err := pgx.CollectRows(rows, scanDomain)
	return domains, outage(err)
}

// Get returns one domain of a tenant.
func (s DomainStore) Get(ctx context.Context, id tenancy.ID, name tenancy.Domain) (controlplane.Domain, error) {
	return getDomain(ctx, s.pool, id, name)
}

func getDomain(ctx context.Context, q querier, id tenancy.ID, name tenancy.Domain) (controlplane.Domain, error) {
	rows, err := q.Query(ctx, selectDomains+`WHERE tenant_id = $1 AND domain = $2`, [16]byte(id), string(name))
	if err != nil {
		return controlplane.Domain{}, outage(err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDomain)
	return d, none(err, "custom domain")
}

// Add inserts a pending domain and returns it, or the one that is there.
func (s DomainStore) Add(ctx context.Context, d controlplane.Domain) (controlplane.Domain, error) {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockTenantWithDomains(ctx, tx, d.TenantID); err != nil {
			return err
		}
		there, err := getDomain(ctx, tx, d.TenantID, d.Name)
		if err == nil {
			d = there
			return nil
		}
		if !errors.Is(err, fault.New(fault.NotFound, "")) {
			return err
		}
		return s.insert(ctx, tx, &d)
	})
	return d, err
}

func (s DomainStore) insert(ctx context.Context, tx pgx.Tx, d *controlplane.Domain) error {
	d.CreatedAt = s.now()
	tag, err := tx.Exec(ctx, `
INSERT INTO custom_domains (tenant_id, domain, token, created_at)
SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM custom_domains WHERE tenant_id = $1) < $5`,
		[16]byte(d.TenantID), string(d.Name), d.Token, d.CreatedAt, controlplane.MaxDomains)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "a tenant can have at most %d custom domains", controlplane.MaxDomains)
	}
	return s.record(ctx, tx, "domain.add", d.TenantID.String(), map[string]any{"domain": d.Name})
}

// Verify marks a domain as verified, which only one tenant can have.
func (s DomainStore) Verify(ctx context.Context, id tenancy.ID, name tenancy.Domain) (controlplane.Domain, error) {
	var d controlplane.Domain
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockTenantWithDomains(ctx, tx, id); err != nil {
			return err
		}
		var err error
		if d, err = getDomain(ctx, tx, id, name); err != nil || d.Verified() {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO claims (kind, value, tenant_id) VALUES ('domain', $1, $2) ON CONFLICT DO NOTHING`, string(name), [16]byte(id))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Conflict, "another tenant has this domain")
		}
		d.VerifiedAt = s.now()
		if _, err := tx.Exec(ctx, `UPDATE custom_domains SET verified_at = $3 WHERE tenant_id = $1 AND domain = $2`, [16]byte(id), string(name), d.VerifiedAt); err != nil {
			return err
		}
		return s.republish(ctx, tx, id, "domain.verify", name)
	})
	return d, err
}

// Remove gives a domain up; one that is not there is no error.
func (s DomainStore) Remove(ctx context.Context, id tenancy.ID, name tenancy.Domain) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := lockTenant(ctx, tx, id); err != nil {
			return err
		}
		d, err := getDomain(ctx, tx, id, name)
		if errors.Is(err, fault.New(fault.NotFound, "")) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM custom_domains WHERE tenant_id = $1 AND domain = $2`, [16]byte(id), string(name)); err != nil {
			return err
		}
		if !d.Verified() {
			return s.record(ctx, tx, "domain.remove", id.String(), map[string]any{"domain": name})
		}
		if _, err := tx.Exec(ctx, `DELETE FROM claims WHERE kind = 'domain' AND value = $1 AND tenant_id = $2`, string(name), [16]byte(id)); err != nil {
			return err
		}
		return s.republish(ctx, tx, id, "domain.remove", name)
	})
}

// republish puts the tenant's verified domains into its assignment.
func (s DomainStore) republish(ctx context.Context, tx pgx.Tx, id tenancy.ID, action string, name tenancy.Domain) error {
	_, err := tx.Exec(ctx, `
UPDATE tenants SET updated_at = $2, domains = ARRAY(
  SELECT domain FROM custom_domains WHERE tenant_id = $1 AND verified_at IS NOT NULL ORDER BY domain)
WHERE tenant_id = $1`, [16]byte(id), s.now())
	if err != nil {
		return err
	}
	if err := s.record(ctx, tx, action, id.String(), map[string]any{"domain": name}); err != nil {
		return err
	}
	_, err = s.stampTenants(ctx, tx, id)
	return err
}

// lockTenant locks a tenant's row, so that changes of its domains follow each other.
func lockTenant(ctx context.Context, tx pgx.Tx, id tenancy.ID) (controlplane.Tenant, error) {
	return oneTenant(ctx, tx, id, "FOR UPDATE OF t")
}

// lockTenantWithDomains also refuses tenants that may not have custom domains.
func lockTenantWithDomains(ctx context.Context, tx pgx.Tx, id tenancy.ID) error {
	t, err := lockTenant(ctx, tx, id)
	if err == nil && t.State != directory.Active && t.State != directory.Suspended {
		err = fault.New(fault.Conflict, "the tenant is %s; its domains cannot change", t.State)
	}
	return err
}
