package migration

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// restoredPage is how many migrations are looked at together.
const restoredPage = 500

// Restored ends what a cell that was restored from a backup believes to be under
// way. The directory goes first, as for every abort: what it says stays true,
// whoever still works on a migration. Then the cell forgets its exports, whose
// slots are gone, and its imports, which the stream has left behind.
func (s Service) Restored(ctx context.Context, cell string) (controlplane.EndedMoves, error) {
	var ended controlplane.EndedMoves
	if _, err := s.Cells.Get(ctx, cell); err != nil {
		return ended, err
	}
	for after := ""; ; {
		page, err := s.Records.List(ctx, controlplane.MigrationFilter{Cell: cell, Open: true}, controlplane.Page{After: after, Limit: restoredPage})
		if err != nil {
			return ended, err
		}
		for _, m := range page {
			if err := s.endRestored(ctx, m, cell, &ended); err != nil {
				return ended, err
			}
			after = m.ID.String()
		}
		if len(page) < restoredPage {
			break
		}
	}
	var err error
	ended.Exports, ended.Imports, err = s.Parties.EndMoves(ctx, cell)
	s.wake(err)
	return ended, err
}

// endRestored turns a migration back, if it is not behind a commit point.
func (s Service) endRestored(ctx context.Context, m controlplane.Migration, cell string, ended *controlplane.EndedMoves) error {
	to := controlplane.MigrationAborting
	if m.Phase == controlplane.MigrationReturning {
		to = controlplane.MigrationKeeping
	}
	if !m.Phase.MayBecome(to) {
		return nil
	}
	_, err := s.Orders.Order(ctx, m.ID, to, "migration.restored", controlplane.Unwanted, "the cell "+cell+" was restored from a backup")
	if fault.CodeOf(err) == fault.Conflict { // it went on meanwhile, past its commit point or back
		return nil
	}
	if err == nil {
		ended.Migrations = append(ended.Migrations, m.ID)
	}
	return err
}
