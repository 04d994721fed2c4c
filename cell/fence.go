package cell

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// FenceState says whether this cell may serve a tenant.
//
//	absent ──prepare──▶ importing ──activate──▶ live ──freeze──▶ frozen ──seal──▶ sealed ──depart──▶ departed
//	                                             ▲                  │
//	                                             └──thaw, or expiry─┘
type FenceState string

// The states of the fence. Absent is the lack of a record.
const (
	Absent    FenceState = "absent"
	Importing FenceState = "importing"
	Live      FenceState = "live"
	Frozen    FenceState = "frozen"
	Sealed    FenceState = "sealed"
	Departed  FenceState = "departed"
)

// Readable reports whether reads may be answered.
func (s FenceState) Readable() bool { return s == Live || s == Frozen || s == Sealed }

// Writable reports whether writes may be done.
func (s FenceState) Writable() bool { return s == Live }

// Fence is the cell's record of one tenant's ownership. It is the only
// authority on whether the cell may serve the tenant.
type Fence struct {
	TenantID    tenancy.ID
	Slug        tenancy.Slug
	State       FenceState
	Epoch       uint64    // the ownership generation under which this cell holds, or held, the tenant
	FreezeNo    uint64    // number of the last freeze; grows
	FrozenUntil time.Time // when a freeze ends by itself
	MovedTo     string    // departed: the cell that took over
	MovedEpoch  uint64    // departed: the generation under which it did
}
