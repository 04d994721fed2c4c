package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// CellStore keeps the cells.
type CellStore struct {
	*DB
	BeginCordoned bool // a new cell begins cordoned instead of active
}

const selectCells = `
SELECT c.cell_id, c.region, c.tier, c.endpoint, c.internal_endpoint, c.state, c.version, c.capacity_tenants, c.assigned_tenants, c.registered_at,
       h.at, coalesce(h.tenants, 0), coalesce(h.capacity_tenants, 0), coalesce(h.cpu, 0), coalesce(h.requests_per_second, 0), coalesce(h.queue_depth, 0), coalesce(h.reconciling, false),
       coalesce(c.capacity_requests, 0), c.capacity_measured_at, c.bereft
FROM cells c LEFT JOIN cell_heartbeats h USING (cell_id) `

func scanCell(row pgx.CollectableRow) (controlplane.Cell, error) {
	var c controlplane.Cell
	var beat, measured *time.Time
	err := row.Scan(&c.ID, &c.Region, &c.Tier, &c.Endpoint, &c.InternalEndpoint, &c.State, &c.Version, &c.CapacityTenants, &c.AssignedTenants, &c.RegisteredAt,
		&beat, &c.Heartbeat.Tenants, &c.Heartbeat.CapacityTenants, &c.Heartbeat.CPU, &c.Heartbeat.RequestsPerSecond, &c.Heartbeat.QueueDepth, &c.Heartbeat.Reconciling,
		&c.Measured.RequestsPerSecond, &measured, &c.Bereft)
	c.Heartbeat.At, c.RegisteredAt, c.Measured.At = orZero(beat), c.RegisteredAt.UTC(), orZero(measured)
	return c, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func oneCell(ctx context.Context, q querier, id, suffix string) (controlplane.Cell, error) {
	rows, err := q.Query(ctx, selectCells+`WHERE c.cell_id = $1 `+suffix, id)
	if err != nil {
		return controlplane.Cell{}, outage(err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanCell)
	return c, none(err, "cell")
}

// Get returns one cell.
func (s CellStore) Get(ctx context.Context, id string) (controlplane.Cell, error) {
	return oneCell(ctx, s.pool, id, "")
}

// All returns every cell that is not retired, by id.
func (s CellStore) All(ctx context.Context) ([]controlplane.Cell, error) {
	rows, err := s.pool.Query(ctx, selectCells+`WHERE c.state <> 'retired' ORDER BY c.cell_id`)
	if err != nil {
		return nil, outage(err)
	}
	cells, err := pgx.CollectRows(rows, scanCell)
	return cells, outage(err)
}

// List returns a page of cells by id; empty state and region mean any.
func (s CellStore) List(ctx context.Context, state directory.CellState, region string, page controlplane.Page) ([]controlplane.Cell, error) {
	rows, err := s.pool.Query(ctx, selectCells+`
WHERE c.cell_id > $1 AND ($2 = '' OR c.state = $2) AND ($3 = '' OR c.region = $3) ORDER BY c.cell_id LIMIT $4`,
		page.After, string(state), region, page.Limit)
	if err != nil {
		return nil, outage(err)
	}
	cells, err := pgx.CollectRows(rows, scanCell)
	return cells, outage(err)
}

// Register inserts the cell, provisioning, or updates what it says of itself.
// Registering what is registered already changes nothing.
func (s CellStore) Register(ctx context.Context, id string, r controlplane.CellRegistration) (controlplane.Cell, error) {
	var after controlplane.Cell
	err := s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
INSERT INTO cells (cell_id, region, tier, endpoint, internal_endpoint, state, capacity_tenants, registered_at)
VALUES ($1, $2, $3, $4, $5, 'provisioning', $6, $7) ON CONFLICT DO NOTHING`,
			id, r.Region, r.Tier, r.Endpoint, r.InternalEndpoint, r.CapacityTenants, s.now())
		if err != nil {
			return err
		}
		after, err = oneCell(ctx, tx, id, "FOR UPDATE OF c")
		switch {
		case err != nil:
			return err
		case tag.RowsAffected() == 0 && after.CellRegistration == r && after.State != directory.CellRetired:
			return nil
		}
		if err := after.CheckRegistration(r); err != nil {
			return err
		}
		after.CellRegistration = r
		return s.saveCell(ctx, tx, &after, "cell.register", map[string]any{"region": r.Region, "tier": r.Tier, "endpoint": r.Endpoint, "internal_endpoint": r.InternalEndpoint})
	})
	return after, err
}

// Heartbeat notes the cell's load. A provisioning cell becomes active, or cordoned.
// A fault (conflict) means that the cell must not serve before it is reconciled:
// its tenants were brought into others from a backup while it was away.
func (s CellStore) Heartbeat(ctx context.Context, id string, h controlplane.Heartbeat) error {
	bereft := false
	err := s.tx(ctx, func(tx pgx.Tx) error {
		c, err := oneCell(ctx, tx, id, "")
		if err != nil {
			return err
		}
		bereft = c.Bereft
		if _, err := tx.Exec(ctx, `
INSERT INTO cell_heartbeats (cell_id, at, tenants, capacity_tenants, cpu, requests_per_second, queue_depth, reconciling) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (cell_id) DO UPDATE SET at = greatest(excluded.at, cell_heartbeats.at), tenants = excluded.tenants, capacity_tenants = excluded.capacity_tenants,
  cpu = excluded.cpu, requests_per_second = excluded.requests_per_second, queue_depth = excluded.queue_depth, reconciling = excluded.reconciling`,
			id, h.At, h.Tenants, h.CapacityTenants, h.CPU, h.RequestsPerSecond, h.QueueDepth, h.Reconciling); err != nil {
			return err
		}
		if c.CapacityTenants == h.CapacityTenants && c.State != directory.CellProvisioning {
			return nil
		}
		return s.welcome(ctx, tx, id, h.CapacityTenants)
	})
	if err == nil && bereft && !h.Reconciling {
		err = fault.New(fault.Conflict, "tenants of the cell were brought into others while it was away: it must be reconciled before it serves anybody")
	}
	return err
}

// welcome takes the cell's capacity over, and ends its provisioning.
func (s CellStore) welcome(ctx context.Context, tx pgx.Tx, id string, capacity int) error {
	c, err := oneCell(ctx, tx, id, "FOR UPDATE OF c")
	if err != nil {
		return err
	}
	c.CapacityTenants = capacity
	if c.State != directory.CellProvisioning {
		_, err := tx.Exec(ctx, `UPDATE cells SET capacity_tenants = $2 WHERE cell_id = $1`, id, capacity)
		return err
	}
	if s.BeginCordoned {
		c.State = directory.CellCordoned
		return s.saveCell(ctx, tx, &c, "cell.cordon", nil)
	}
	c.State = directory.CellActive
	return s.saveCell(ctx, tx, &c, "cell.activate", nil)
}

// SetState changes the cell's state by the rules of [controlplane.Cell]. An
// expected state that is not the cell's is a fault (precondition_failed).
func (s CellStore) SetState(ctx context.Context, id string, to, expected directory.CellState) (controlplane.Cell, error) {
	var after controlplane.Cell
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		after, err = oneCell(ctx, tx, id, "FOR UPDATE OF c")
		switch {
		case err != nil:
			return err
		case expected != "" && after.State != expected:
			return fault.New(fault.Stale, "the cell is %s, not %s", after.State, expected)
		case after.State == to:
			return nil
		}
		if err := after.CheckMove(to); err != nil {
			return err
		}
		from := after.State
		after.State = to
		return s.saveCell(ctx, tx, &after, "cell.state", map[string]any{"from": from, "to": to})
	})
	return after, err
}

// SetMeasured notes what a load test found the cell to carry; zero: nothing.
func (s CellStore) SetMeasured(ctx context.Context, id string, m controlplane.Measurement) (controlplane.Cell, error) {
	var after controlplane.Cell
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		if after, err = oneCell(ctx, tx, id, "FOR UPDATE OF c"); err != nil {
			return err
		}
		before := after.Measured
		after.Measured = m
		if _, err := tx.Exec(ctx, `
UPDATE cells SET capacity_requests = nullif($2::double precision, 0), capacity_measured_at = CASE WHEN $2 > 0 THEN $3::timestamptz END WHERE cell_id = $1`,
			id, m.RequestsPerSecond, m.At); err != nil {
			return err
		}
		return s.record(ctx, tx, "cell.measured", id, map[string]any{"from": before.RequestsPerSecond, "to": m.RequestsPerSecond})
	})
	return after, err
}

// saveCell writes a locked cell back as a change of the directory.
func (s CellStore) saveCell(ctx context.Context, tx pgx.Tx, c *controlplane.Cell, action string, detail map[string]any) error {
	if _, err := tx.Exec(ctx, `
UPDATE cells SET region = $2, tier = $3, endpoint = $4, internal_endpoint = $5, state = $6, capacity_tenants = $7 WHERE cell_id = $1`,
		c.ID, c.Region, c.Tier, c.Endpoint, c.InternalEndpoint, string(c.State), c.CapacityTenants); err != nil {
		return err
	}
	if err := s.record(ctx, tx, action, c.ID, detail); err != nil {
		return err
	}
	var err error
	c.Version, err = s.stampCell(ctx, tx, c.ID)
	return err
}
