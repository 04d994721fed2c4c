package httpapi

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// encodeCursor returns nil behind the last page.
func encodeCursor(tenant tenancy.ID, list string, after uuid.UUID) *string {
	if after == uuid.Nil {
		return nil
	}
	text := cell.EncodeCursor(tenant, list, after)
	return &text
}

func decodeCursor(tenant tenancy.ID, list, cursor string) (uuid.UUID, error) {
	after, ok := cell.DecodeCursor(tenant, list, cursor)
	if !ok {
		return uuid.Nil, fault.New(fault.Invalid, "the request breaks rules of the API").At("cursor", "is not a cursor of this list; begin without one")
	}
	return after, nil
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
