package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

const organizationColumns = `tenant_id, slug, name, plan, version, created_at, updated_at`

// GetOrganization returns the tenant's organization.
func (s *Store) GetOrganization(ctx context.Context, call *cell.Call) (cell.Organization, error) {
	var o cell.Organization
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+organizationColumns+` FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(into(&o, scanOrganization))
	})
	return o, err
}

// UpdateOrganization changes the organization if its version meets the precondition.
func (s *Store) UpdateOrganization(ctx context.Context, call *cell.Call, change cell.OrganizationChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Organization, error) {
	var o cell.Organization
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesData
		w.Queue(`SELECT version FROM organizations WHERE tenant_id = $1 FOR UPDATE`, w.tenant()).QueryRow(precondition(pre))
		w.Queue(`UPDATE organizations SET name = coalesce($2, name), version = version + 1, updated_at = now()
			WHERE tenant_id = $1 RETURNING `+organizationColumns, w.tenant(), change.Name).QueryRow(into(&o, scanOrganization))
		w.audit(entry)
	})
	return o, err
}

func scanOrganization(r row) (cell.Organization, error) {
	var o cell.Organization
	var tenant uuid.UUID
	err := r.Scan(&tenant, &o.Slug, &o.Name, &o.Plan, &o.Version, &o.CreatedAt, &o.UpdatedAt)
	o.TenantID = [16]byte(tenant)
	return o, err
}

// into scans one row with the noun's own scan function.
func into[T any](dest *T, scan func(row) (T, error)) func(pgx.Row) error {
	return func(r pgx.Row) (err error) {
		*dest, err = scan(r)
		return err
	}
}

// precondition reads a locked row's version and compares it.
func precondition(pre cell.Precondition) func(pgx.Row) error {
	return func(r pgx.Row) error {
		var version int64
		if err := r.Scan(&version); err != nil {
			return err
		}
		return pre.Check(version)
	}
}
