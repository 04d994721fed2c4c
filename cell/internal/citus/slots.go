package citus

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// OpenPublication publishes the tenant's rows of the given tables, and its
// fence: the freeze's own change is the last that the stream carries. An older
// publication of the name is replaced, and its slot dropped: one that a maker
// left behind who died has a snapshot that nobody holds. On Citus it is the
// tenant's shards that are published, by the worker that holds them.
func (m *Mover) OpenPublication(ctx context.Context, e cell.Export, tables []cell.Table) error {
	h, err := m.homeOf(ctx, e.Tenant)
	if err != nil {
		return translate(err, nil)
	}
	if err := refuseDecoders(ctx, h.pool); err != nil {
		return err
	}
	published := []string{h.name(fenceTables[0])}
	for _, t := range tables {
		if t.Class == cell.ClassTenant {
			published = append(published, h.name(t.Name))
		}
	}
	b := &pgx.Batch{} // one transaction
	b.Queue(`SELECT close_publication($1)`, e.Slot)
	b.Queue(`SELECT open_publication($1, $2, $3)`, e.Slot, published, e.Tenant.String())
	if err := h.pool.SendBatch(ctx, b).Close(); err != nil {
		return translate(err, nil)
	}
	return translate(dropSlot(ctx, h.pool, e.Slot, 0), nil)
}

// refuseDecoders refuses where Citus' own decoders stand before Postgres': they
// say nothing, and no error, of shards that are published.
func refuseDecoders(ctx context.Context, pool *pgxpool.Pool) error {
	var on bool
	err := pool.QueryRow(ctx, `SELECT coalesce(current_setting('citus.enable_change_data_capture', true), 'off') = 'on'`).Scan(&on)
	if err == nil && on {
		err = fault.New(fault.Conflict, "citus.enable_change_data_capture is on, with which shards cannot be streamed: turn it off on every server of the cell")
	}
	return translate(err, nil)
}

// What belongs to exports: nobody else's names begin like this.
const (
	exportSlotsSQL = `SELECT slot_name::text, coalesce(active_pid, 0) FROM pg_replication_slots
		WHERE database = current_database() AND slot_name ~ '^transfer_[0-9a-f]{32}_[fr]$'`
	exportPublicationsSQL = `SELECT pubname::text, 0 FROM pg_publication WHERE pubname ~ '^transfer_[0-9a-f]{32}_[fr]$'`
)

// made is what was made for an export: a publication, or a slot, from which the
// server process pid streams unless that is 0.
type made struct {
	Name string
	PID  int32
}

// DropStray drops slots and publications that no export owns, on every server:
// those of exports that were closed, that failed, or whose maker died. A slot
// that is streamed from loses its stream. It returns how many slots it dropped.
func (m *Mover) DropStray(ctx context.Context) (int, error) {
	all, err := m.everyNode(ctx)
	if err != nil {
		return 0, translate(err, nil)
	}
	dropped := 0
	var problems []error
	for _, n := range all { // one that does not answer keeps the others from nothing
		gone, err := m.dropStrayAt(ctx, n.pool)
		dropped += gone
		problems = append(problems, err)
	}
	return dropped, translate(errors.Join(problems...), nil)
}

func (m *Mover) dropStrayAt(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	slots, err := found(ctx, pool, exportSlotsSQL)
	if err != nil {
		return 0, err
	}
	publications, err := found(ctx, pool, exportPublicationsSQL)
	if err != nil || len(slots)+len(publications) == 0 {
		return 0, err
	}
	// Asked last: an export is recorded before anything is made for it.
	owned, err := m.ownedNames(ctx)
	if err != nil {
		return 0, err
	}
	dropped := 0
	for _, s := range slots {
		if owned[s.Name] {
			continue
		}
		if err := dropSlot(ctx, pool, s.Name, s.PID); err != nil {
			return dropped, err
		}
		dropped++
	}
	for _, p := range publications {
		if owned[p.Name] {
			continue
		}
		if _, err := pool.Exec(ctx, `SELECT close_publication($1)`, p.Name); err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}

func found(ctx context.Context, pool *pgxpool.Pool, query string) ([]made, error) {
	rows, err := pool.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[made])
}

func (m *Mover) ownedNames(ctx context.Context) (map[string]bool, error) {
	rows, err := m.pool.Query(ctx, `SELECT slot FROM exports WHERE state <> 'failed'`)
	if err != nil {
		return nil, err
	}
	owned := map[string]bool{}
	var name string
	_, err = pgx.ForEachRow(rows, []any{&name}, func() error { owned[name] = true; return nil })
	return owned, err
}

// dropSlot drops a slot, and ends the stream of the given server process, if
// any, which would keep it. A slot that is not there is no error.
func dropSlot(ctx context.Context, pool *pgxpool.Pool, name string, pid int32) error {
	if pid != 0 {
		// Both sessions are the mover's own, so it may end the other one.
		if _, err := pool.Exec(ctx, `SELECT pg_terminate_backend($1::integer, 1000::bigint)`, pid); err != nil {
			return err
		}
	}
	_, err := pool.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active`, name)
	return err
}
