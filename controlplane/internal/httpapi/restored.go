package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane/api"
)

// EndMovesOfRestoredCell ends what a restored cell believes to be under way.
func (s *server) EndMovesOfRestoredCell(ctx context.Context, r api.EndMovesOfRestoredCellRequestObject) (api.EndMovesOfRestoredCellResponseObject, error) {
	ended, err := s.Migrations.Restored(ctx, r.Cell)
	if err != nil {
		return nil, err
	}
	out := api.EndMovesOfRestoredCell200JSONResponse{Migrations: []api.MigrationID{}, Exports: ended.Exports, Imports: ended.Imports}
	out.Migrations = append(out.Migrations, ended.Migrations...)
	return out, nil
}
