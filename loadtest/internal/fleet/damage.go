package fleet

import (
	"context"
	"errors"
	"sync"
)

// HoldFence has a tenant's fence locked, as by a writer who does not end, until
// release is called, which may be done twice.
func (f *Fleet) HoldFence(ctx context.Context, cell, tenant string) (release func(), err error) {
	tx, err := f.cells[cell].Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SELECT FROM tenants WHERE tenant_id = $1 FOR SHARE`, tenant); err != nil {
		return nil, errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
	}
	var once sync.Once
	return func() { once.Do(func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }) }, nil
}

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
