package controlplane

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// UserSet is how a tenant's users who may sign in stand in its cell: of one
// epoch, a higher version is a later set.
type UserSet struct {
	Tenant    tenancy.ID
	Epoch     uint64
	Version   int64
	ChangedAt time.Time // by the cell's clock
}

// UserHash is a user who may sign in, by the hash of its e-mail address
// (cellapi.EmailHash).
type UserHash struct {
	UserID uuid.UUID
	Email  [sha256.Size]byte
}
