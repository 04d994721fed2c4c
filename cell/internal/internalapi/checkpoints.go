package internalapi

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
)

// Anchors are the checkpoints of the audit logs of all tenants. It is an
// interface because edges do not know each other.
type Anchors interface {
	ListCheckpoints(ctx context.Context, since time.Time, limit int) ([]cell.Checkpoint, error)
}

const defaultCheckpointPage = 1000

// ListCheckpoints implements the API.
func (s *server) ListCheckpoints(ctx context.Context, r api.ListCheckpointsRequestObject) (api.ListCheckpointsResponseObject, error) {
	var since time.Time
	if r.Params.Since != nil {
		since = *r.Params.Since
	}
	limit := defaultCheckpointPage
	if r.Params.Limit != nil {
		limit = int(*r.Params.Limit)
	}
	checkpoints, err := s.anchors.ListCheckpoints(ctx, since, limit)
	if err != nil {
		return nil, err
	}
	list := api.ListCheckpoints200JSONResponse{Items: make([]api.Checkpoint, len(checkpoints))}
	for i, c := range checkpoints {
		list.Items[i] = api.Checkpoint{
			TenantID: c.Tenant, No: c.No, Seq: c.Seq, Hash: hex.EncodeToString(c.Hash[:]), Previous: hex.EncodeToString(c.Previous[:]), Cell: c.Cell,
			SignedAt: c.SignedAt.UTC(), PublicKey: hex.EncodeToString(c.PublicKey), Signature: hex.EncodeToString(c.Signature),
		}
	}
	return list, nil
}
