package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// DirectoryStore answers the directory's readers.
type DirectoryStore struct{ *DB }

// Each lookup is one statement, and so one snapshot: the version that comes
// with an answer, or with none, is the version as of which it holds.
const (
	entryColumns = `t.tenant_id, t.slug, t.domains, t.epoch, t.state, t.plan, t.edge, t.version, c.cell_id, c.region, c.endpoint, c.state, c.version`

	entryByID = `SELECT n.version, e.* FROM directory_counter n LEFT JOIN LATERAL (
  SELECT ` + entryColumns + ` FROM tenants t JOIN cells c USING (cell_id)
  WHERE t.tenant_id = $1 AND t.state IN ('active', 'suspended', 'deleting')) e ON true`

	entryByClaim = `SELECT n.version, e.* FROM directory_counter n LEFT JOIN LATERAL (
  SELECT ` + entryColumns + ` FROM claims k JOIN tenants t USING (tenant_id) JOIN cells c USING (cell_id)
  WHERE k.kind = $1 AND k.value = $2 AND t.state IN ('active', 'suspended', 'deleting')) e ON true`

	// LIMIT 1 keeps the planner at two index lookups a key. Without it, a table
	// whose statistics are old (after an import) is read as a whole.
	entriesByKeys = `SELECT (SELECT version FROM directory_counter), e.*
FROM unnest($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY AS q (kind, value, id, ord)
LEFT JOIN LATERAL (
  SELECT ` + entryColumns + ` FROM tenants t JOIN cells c USING (cell_id)
  WHERE t.tenant_id = coalesce(q.id, (SELECT k.tenant_id FROM claims k WHERE k.kind = q.kind AND k.value = q.value))
    AND t.state IN ('active', 'suspended', 'deleting') LIMIT 1) e ON true
ORDER BY q.ord`
)

// entryRow is an entry of which every column may be null: there may be none.
type entryRow struct {
	version                        uint64
	id                             *[16]byte
	slug, state, plan              *string
	domains                        []string
	edge                           *directory.EdgePolicy
	epoch, tenantVersion           *uint64
	cell, region, endpoint, cState *string
	cellVersion                    *uint64
}

func (r *entryRow) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&r.version, &r.id, &r.slug, &r.domains, &r.epoch, &r.state, &r.plan, &r.edge, &r.tenantVersion,
		&r.cell, &r.region, &r.endpoint, &r.cState, &r.cellVersion)
}

func (r *entryRow) entry() *directory.Entry {
	if r.id == nil {
		return nil
	}
	return &directory.Entry{
		Tenant: directory.Assignment{
			TenantID: *r.id, Slug: tenancy.Slug(*r.slug), Domains: domainsOf(r.domains), Cell: *r.cell, Region: *r.region,
			State: directory.State(*r.state), Epoch: *r.epoch, Plan: *r.plan, Edge: r.edge, Version: *r.tenantVersion,
		},
		Cell: directory.Cell{ID: *r.cell, Region: *r.region, Endpoint: *r.endpoint, State: directory.CellState(*r.cState), Version: *r.cellVersion},
	}
}

// Lookup returns the entry that a key leads to, or nil, and the directory's
// version as of that answer. A key in another than its canonical form leads
// nowhere.
func (s DirectoryStore) Lookup(ctx context.Context, key directory.Key) (*directory.Entry, uint64, error) {
	var found entryRow
	var row pgx.Row
	if key.Kind == directory.ByID {
		row = s.pool.QueryRow(ctx, entryByID, idOf(key))
	} else {
		row = s.pool.QueryRow(ctx, entryByClaim, string(key.Kind), key.Value)
	}
	if err := found.scan(row); err != nil {
		return nil, 0, outage(err)
	}
	return found.entry(), found.version, nil
}

// LookupMany returns an entry, or nil, for each key, all as of one version.
func (s DirectoryStore) LookupMany(ctx context.Context, keys []directory.Key) ([]*directory.Entry, uint64, error) {
	kinds, values, ids := make([]string, len(keys)), make([]string, len(keys)), make([]*[16]byte, len(keys))
	for i, key := range keys {
		kinds[i], values[i] = string(key.Kind), key.Value
		if key.Kind == directory.ByID {
			ids[i] = idOf(key)
		}
	}
	rows, err := s.pool.Query(ctx, entriesByKeys, kinds, values, ids)
	if err != nil {
		return nil, 0, outage(err)
	}
	var version uint64
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*directory.Entry, error) {
		var r entryRow
		err := r.scan(row)
		version = r.version
		return r.entry(), err
	})
	return entries, version, outage(err)
}

// idOf returns the id that a key spells, or nil, which matches nothing.
func idOf(key directory.Key) *[16]byte {
	id, err := tenancy.ParseID(key.Value)
	if err != nil || id.String() != key.Value {
		return nil
	}
	return (*[16]byte)(&id)
}
