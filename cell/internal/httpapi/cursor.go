package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// A cursor is the last row's id and a seal over it, made for one list of one
// tenant. The seal's key is no secret of this cell: a cursor goes on working
// after the tenant has moved. It keeps made-up and misplaced cursors out, not
// people from their own rows: those are behind row-level security.
const sealBytes = 8

func encodeCursor(tenant tenancy.ID, list string, after uuid.UUID) *string {
	if after == uuid.Nil {
		return nil
	}
	text := base64.RawURLEncoding.EncodeToString(append(after[:], seal(tenant, list, after)...))
	return &text
}

func decodeCursor(tenant tenancy.ID, list, cursor string) (uuid.UUID, error) {
	refused := fault.New(fault.Invalid, "the request breaks rules of the API").At("cursor", "is not a cursor of this list; begin without one")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) != len(uuid.UUID{})+sealBytes {
		return uuid.Nil, refused
	}
	after := uuid.UUID(raw[:len(uuid.UUID{})])
	if !hmac.Equal(raw[len(after):], seal(tenant, list, after)) {
		return uuid.Nil, refused
	}
	return after, nil
}

func seal(tenant tenancy.ID, list string, after uuid.UUID) []byte {
	h := hmac.New(sha256.New, append([]byte("cursor-v1:"+list+":"), tenant[:]...))
	h.Write(after[:])
	return h.Sum(nil)[:sealBytes]
}

// pageRequest reads the two parameters that every list has.
func pageRequest(call *cell.Call, list string, limit *int32, cursor *string) (cell.PageRequest, error) {
	page := cell.PageRequest{Limit: cell.DefaultLimit}
	if limit != nil {
		page.Limit = int(*limit)
	}
	if page.Limit < 1 || page.Limit > cell.MaxLimit {
		return page, fault.New(fault.Invalid, "the request breaks rules of the API").At("limit", "use 1 to %d", cell.MaxLimit)
	}
	if cursor == nil {
		return page, nil
	}
	var err error
	page.After, err = decodeCursor(call.Tenant, list, *cursor)
	return page, err
}
