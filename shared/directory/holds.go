package directory

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// MaxHeldWindows is how many windows one report may have.
const MaxHeldWindows = 500

// HeldWindow is a time in which a router had requests of one tenant wait, since
// the tenant was changing cell, and what became of them.
type HeldWindow struct {
	ID       uuid.UUID  `json:"id"` // by which it is counted once
	TenantID tenancy.ID `json:"tenant_id"`
	Began    time.Time  `json:"began"`
	Held     int64      `json:"held"`   // requests that met the freeze
	Failed   int64      `json:"failed"` // of those, such as were not served in the end
	Longest  int64      `json:"longest_ms"`
}

// HeldWindows is what a router reports.
type HeldWindows struct {
	Windows []HeldWindow `json:"windows"`
}
