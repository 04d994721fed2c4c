package citus

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// OpenPublication publishes the tenant's rows of the given tables, and its
// fence: the freeze's own change is the last that the stream carries. An older
// publication of the name is replaced.
func (m *Mover) OpenPublication(ctx context.Context, e cell.Export, tables []cell.Table) error {
	published := []string{fenceTables[0]}
	for _, t := range tables {
		if t.Class == cell.ClassTenant {
			published = append(published, t.Name)
		}
	}
	return m.inTx(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`SELECT close_publication($1)`, e.Slot)
		b.Queue(`SELECT open_publication($1, $2, $3)`, e.Slot, published, e.Tenant.String())
		return tx.SendBatch(ctx, b).Close()
	})
}

// straySQL finds slots and publications of exports that are not there, or have
// failed. Their names tell: nobody else's begin like this. While an export is
// being made its slot is its maker's.
const (
	straySlotsSQL = `
		SELECT s.slot_name::text, coalesce(s.active_pid, 0) FROM pg_replication_slots s
		WHERE s.database = current_database() AND s.slot_name ~ '^transfer_[0-9a-f]{32}_[fr]$'
			AND NOT EXISTS (SELECT FROM exports e WHERE e.slot = s.slot_name AND e.state <> 'failed')`
	strayPublicationsSQL = `
		SELECT p.pubname::text, 0 FROM pg_publication p
		WHERE p.pubname ~ '^transfer_[0-9a-f]{32}_[fr]$'
			AND NOT EXISTS (SELECT FROM exports e WHERE e.slot = p.pubname AND e.state <> 'failed')`
)

// DropStray drops slots and publications that no export owns: those of exports
// that were closed, that failed, or whose maker died. A slot that is streamed
// from loses its stream. It returns how many slots it dropped.
func (m *Mover) DropStray(ctx context.Context) (int, error) {
	dropped := 0
	err := m.eachStray(ctx, straySlotsSQL, func(name string, pid int32) error {
		if err := m.DropSlot(ctx, name, pid); err != nil {
			return err
		}
		dropped++
		return nil
	})
	publications := m.eachStray(ctx, strayPublicationsSQL, func(name string, _ int32) error {
		_, err := m.pool.Exec(ctx, `SELECT close_publication($1)`, name)
		return err
	})
	return dropped, translate(errors.Join(err, publications), nil)
}

func (m *Mover) eachStray(ctx context.Context, query string, drop func(name string, pid int32) error) error {
	rows, err := m.pool.Query(ctx, query)
	if err != nil {
		return err
	}
	type stray struct {
		Name string
		PID  int32
	}
	strays, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stray])
	for _, s := range strays {
		if err := drop(s.Name, s.PID); err != nil {
			return err
		}
	}
	return err
}

// DropSlot drops a slot, and ends the stream of the given server process, if
// any, which would keep it. A slot that is not there is no error.
func (m *Mover) DropSlot(ctx context.Context, name string, pid int32) error {
	if pid != 0 {
		// Both sessions are the mover's own, so it may end the other one.
		if _, err := m.pool.Exec(ctx, `SELECT pg_terminate_backend($1, 1000)`, pid); err != nil {
			return translate(err, nil)
		}
	}
	_, err := m.pool.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active`, name)
	return translate(err, nil)
}
