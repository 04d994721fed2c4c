package fleet

import (
	"context"
	"errors"
)

// Damage runs a statement in a cell's database as nobody there may: past row
// security and foreign keys.
func (f *Fleet) Damage(ctx context.Context, cell, statement string, args ...any) error {
	tx, err := f.cells[cell].Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit this does nothing
	if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, statement, args...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return errors.New("the damage was not done")
	}
	return tx.Commit(ctx)
}
