package internalapi

import (
	"context"

	api "github.com/coditect/platform/cell/api/internalapi"
)

// EndMoves implements the API.
func (s *server) EndMoves(ctx context.Context, _ api.EndMovesRequestObject) (api.EndMovesResponseObject, error) {
	imports, err := s.importer.CloseAll(ctx)
	if err != nil {
		return nil, err
	}
	exports, err := s.exporter.ForgetAll(ctx)
	if err != nil {
		return nil, err
	}
	return api.EndMoves200JSONResponse{Exports: exports, Imports: imports}, nil
}
