package internalapi

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// UserSets are the users of all tenants who may sign in. It is an interface
// because edges do not know each other.
type UserSets interface {
	UserSets(ctx context.Context, since time.Time, after tenancy.ID, limit int) ([]cell.UserSet, error)
	Addresses(ctx context.Context, tenant tenancy.ID, after uuid.UUID, limit int) (cell.UserSet, []cell.Address, error)
}

// ListUserSets implements the API.
func (s *server) ListUserSets(ctx context.Context, r api.ListUserSetsRequestObject) (api.ListUserSetsResponseObject, error) {
	var since time.Time
	var after tenancy.ID
	if r.Params.Since != nil {
		since = *r.Params.Since
	}
	if r.Params.After != nil {
		after = *r.Params.After
	}
	sets, err := s.sets.UserSets(ctx, since, after, usagePage(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	answer := api.ListUserSets200JSONResponse{Items: make([]api.UserSet, len(sets))}
	for i, set := range sets {
		answer.Items[i] = api.UserSet{TenantID: set.Tenant, Epoch: set.Epoch, Version: set.Version, ChangedAt: set.ChangedAt.UTC()}
	}
	return answer, nil
}

// ListAddresses implements the API.
func (s *server) ListAddresses(ctx context.Context, r api.ListAddressesRequestObject) (api.ListAddressesResponseObject, error) {
	key, err := hex.DecodeString(r.Body.Key)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the request breaks rules of the API").At("/key", "use 32 bytes in hexadecimal")
	}
	var after uuid.UUID
	if r.Body.After != nil {
		after = *r.Body.After
	}
	set, addresses, err := s.sets.Addresses(ctx, r.TenantID, after, usagePage(r.Body.Limit))
	if err != nil {
		return nil, err
	}
	answer := api.ListAddresses200JSONResponse{Epoch: set.Epoch, Version: set.Version, Items: make([]api.AddressHash, len(addresses))}
	for i, a := range addresses {
		hash := cellapi.EmailHash(key, a.Email)
		answer.Items[i] = api.AddressHash{UserID: a.UserID, Hash: hex.EncodeToString(hash[:])}
	}
	return answer, nil
}
