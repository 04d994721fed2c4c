package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/fault"
)

// takePlaces counts tenants into cells, each only if it is active and has room
// for them: else a fault (stale) that means "place again".
func takePlaces(ctx context.Context, tx pgx.Tx, wanted map[string]int) error {
	for _, cell := range slices.Sorted(maps.Keys(wanted)) {
		tag, err := tx.Exec(ctx, `
UPDATE cells SET assigned_tenants = assigned_tenants + $2
WHERE cell_id = $1 AND state = 'active' AND assigned_tenants + $2 <= capacity_tenants`, cell, wanted[cell])
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Stale, "the cell %s no longer takes tenants", cell)
		}
	}
	return nil
}

// givePlaces counts tenants out of their cells.
func givePlaces(ctx context.Context, tx pgx.Tx, freed map[string]int) error {
	for _, cell := range slices.Sorted(maps.Keys(freed)) {
		if _, err := tx.Exec(ctx, `UPDATE cells SET assigned_tenants = greatest(assigned_tenants - $2, 0) WHERE cell_id = $1`, cell, freed[cell]); err != nil {
			return err
		}
	}
	return nil
}
