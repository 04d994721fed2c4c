package cell

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// A cursor is the last row's id and a seal over it, made for one list of one
// tenant. The seal's key is no secret of a cell: a cursor goes on working
// after the tenant has moved. It keeps made-up and misplaced cursors out, not
// people from their own rows: those are behind row-level security.
const sealBytes = 8

// EncodeCursor returns the cursor of what follows a row of a list.
func EncodeCursor(tenant tenancy.ID, list string, after uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(append(after[:], seal(tenant, list, after)...))
}

// DecodeCursor returns the row that a cursor of the list names. It reports
// false if this is none.
func DecodeCursor(tenant tenancy.ID, list, cursor string) (uuid.UUID, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) != len(uuid.UUID{})+sealBytes {
		return uuid.Nil, false
	}
	after := uuid.UUID(raw[:len(uuid.UUID{})])
	return after, hmac.Equal(raw[len(after):], seal(tenant, list, after))
}

func seal(tenant tenancy.ID, list string, after uuid.UUID) []byte {
	h := hmac.New(sha256.New, append([]byte("cursor-v1:"+list+":"), tenant[:]...))
	h.Write(after[:])
	return h.Sum(nil)[:sealBytes]
}
