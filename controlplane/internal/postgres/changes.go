package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const selectChanges = `
SELECT version, at, tenant_id, coalesce(slug, ''), domains, coalesce(epoch, 0), coalesce(plan, ''), cell_id, region, state, coalesce(endpoint, ''), edge
FROM directory_changes WHERE version > $1 ORDER BY version LIMIT $2`

// maxRunPolicies bounds the edge policies in one run, in bytes of their JSON:
// readers bound the answers that they take, and may not be sent what they would
// refuse for ever.
const maxRunPolicies = 4 << 20

// scanChange also returns the size of the change's edge policy, in bytes.
func scanChange(row pgx.CollectableRow) (c directory.Change, policy int, err error) {
	var id *[16]byte
	var a directory.Assignment
	var slug, state, endpoint string
	var domains []string
	var at time.Time
	var edge []byte
	if err := row.Scan(&c.Version, &at, &id, &slug, &domains, &a.Epoch, &a.Plan, &a.Cell, &a.Region, &state, &endpoint, &edge); err != nil {
		return c, 0, err
	}
	c.Time = at.UTC()
	if id == nil {
		c.Cell = &directory.Cell{ID: a.Cell, Region: a.Region, Endpoint: endpoint, State: directory.CellState(state), Version: c.Version}
		return c, 0, nil
	}
	if a.Edge, err = readEdge(edge); err != nil {
		return c, 0, err
	}
	a.TenantID, a.Slug, a.Domains, a.State, a.Version = *id, tenancy.Slug(slug), domainsOf(domains), directory.State(state), c.Version
	c.Tenant = &a
	return c, len(edge), nil
}

// readChanges returns the run of the log after a version, at most limit long.
// Large edge policies make it shorter, but never empty.
func readChanges(ctx context.Context, q querier, since uint64, limit int) (directory.Changes, error) {
	run := directory.Changes{Since: since}
	rows, err := q.Query(ctx, selectChanges, since, limit)
	if err != nil {
		return run, outage(err)
	}
	defer rows.Close()
	for policies := 0; policies < maxRunPolicies && rows.Next(); {
		c, size, err := scanChange(rows)
		if err != nil {
			return run, outage(err)
		}
		run.Changes, policies = append(run.Changes, c), policies+size
	}
	return run, outage(rows.Err())
}

// Changes returns the run of the log after a version. If the log does not reach
// back that far, or the version is yet to come, it returns a fault (gone).
func (s DirectoryStore) Changes(ctx context.Context, since uint64, limit int) (directory.Changes, error) {
	run, err := readChanges(ctx, s.pool, since, limit)
	if err != nil || len(run.Changes) > 0 && run.Changes[0].Version == since+1 {
		return run, err
	}
	if len(run.Changes) > 0 {
		return directory.Changes{}, fault.New(fault.Gone, "the change log begins at version %d; take a snapshot", run.Changes[0].Version)
	}
	var version, pruned uint64
	if err := s.pool.QueryRow(ctx, `SELECT n.version, r.pruned FROM directory_counter n, directory_relay r`).Scan(&version, &pruned); err != nil {
		return directory.Changes{}, outage(err)
	}
	switch {
	case since > version:
		return directory.Changes{}, fault.New(fault.Gone, "the directory is at version %d, before %d; take a snapshot", version, since)
	case since < pruned:
		return directory.Changes{}, fault.New(fault.Gone, "the change log begins at version %d; take a snapshot", pruned+1)
	}
	return run, nil
}

// pruneBatch bounds one statement of Prune.
const pruneBatch = 20_000

// Prune removes changes that were made before a time and were relayed, but
// always keeps the last keep ones. It returns how many it removed.
func (s DirectoryStore) Prune(ctx context.Context, before time.Time, keep uint64) (removed int64, err error) {
	for {
		var n int64
		err := s.tx(ctx, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `
WITH bound AS (
  SELECT least(r.relayed, n.version - $2::bigint, r.pruned + $3::bigint,
    coalesce((SELECT version - 1 FROM directory_changes WHERE version > r.pruned AND at >= $1 ORDER BY version LIMIT 1), n.version)) AS upto
  FROM directory_relay r, directory_counter n),
mark AS (UPDATE directory_relay r SET pruned = b.upto FROM bound b WHERE b.upto > r.pruned RETURNING b.upto)
DELETE FROM directory_changes d USING mark WHERE d.version <= mark.upto`, before, int64(keep), pruneBatch)
			n = tag.RowsAffected()
			return err
		})
		removed += n
		if err != nil || n < pruneBatch {
			return removed, err
		}
	}
}
