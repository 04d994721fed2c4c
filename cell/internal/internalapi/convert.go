package internalapi

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func arrivalOf(id tenancy.ID, body api.Arrival) (cell.Arrival, error) {
	hash, err := hex.DecodeString(body.OwnerKeyHash)
	if err != nil || len(hash) != sha256.Size {
		return cell.Arrival{}, fault.New(fault.Invalid, "the request breaks rules of the API").At("/owner_key_hash", "use a SHA-256 sum in hexadecimal")
	}
	return cell.Arrival{
		TenantID: id, Slug: tenancy.Slug(body.Slug), Epoch: body.Epoch, Plan: body.Plan, Organization: body.Organization.Name,
		OwnerName: body.Owner.Name, OwnerEmail: body.Owner.Email, OwnerKeyHash: hash,
	}, nil
}

func residenceOf(f cell.Fence) api.ResidenceJSONResponse {
	return api.ResidenceJSONResponse{State: api.State(f.State), Epoch: f.Epoch}
}
