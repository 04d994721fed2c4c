package controlplane

import (
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// DefaultGrace is how long a deleted tenant can be brought back.
const DefaultGrace = 30 * 24 * time.Hour

// Tenant is an assignment and what the directory keeps of the tenant besides.
// It is a value: the rules below return the tenant as it would be, and a store
// makes it so by compare-and-set on Version.
//
//	provisioning ──▶ active ⇄ suspended
//	                   │ ▲        │ ▲
//	                   ▼ │        ▼ │   resume, within the grace period
//	                  deleting ─────┘
//	                   │  grace over: reaping, data removed from the cell
//	                   ▼
//	                  deleted (tombstone)
type Tenant struct {
	directory.Assignment

	Organization    string
	Residency       string // the region that was asked for; "" if any
	PlacementReason string
	SuspendedReason string
	DeleteAfter     time.Time       // zero unless deleting
	ResumeTo        directory.State // while deleting: the state before
	Reaping         bool            // the data is being removed: no way back
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Suspend returns the suspended tenant; changed is false if it was already.
func (t Tenant) Suspend(reason string) (next Tenant, changed bool, err error) {
	switch t.State {
	case directory.Suspended:
		return t, false, nil
	case directory.Active:
		t.State, t.SuspendedReason = directory.Suspended, reason
		return t, true, nil
	}
	return t, false, stateConflict(t, "suspended")
}

// Resume returns the tenant as it was before it was suspended or deleted.
func (t Tenant) Resume() (next Tenant, changed bool, err error) {
	switch {
	case t.State == directory.Active:
		return t, false, nil
	case t.State == directory.Suspended:
		t.State, t.SuspendedReason = directory.Active, ""
		return t, true, nil
	case t.State == directory.Deleting && !t.Reaping:
		t.State, t.ResumeTo, t.DeleteAfter = t.ResumeTo, "", time.Time{}
		return t, true, nil
	}
	return t, false, stateConflict(t, "resumed")
}

// Delete returns the tenant as it waits for the end of its grace period. A
// tenant that is waiting already keeps its date.
func (t Tenant) Delete(after time.Time) (next Tenant, changed bool, err error) {
	switch t.State {
	case directory.Deleting:
		return t, false, nil
	case directory.Active, directory.Suspended:
		t.ResumeTo, t.State, t.DeleteAfter = t.State, directory.Deleting, after
		return t, true, nil
	}
	return t, false, stateConflict(t, "deleted")
}

func stateConflict(t Tenant, participle string) error {
	if t.Reaping {
		return fault.New(fault.Conflict, "the tenant's grace period is over and its data is being removed; it cannot be %s", participle)
	}
	return fault.New(fault.Conflict, "the tenant is %s; it cannot be %s", t.State, participle)
}

// TenantFilter selects tenants; an empty field selects all.
type TenantFilter struct {
	Cell  string
	State directory.State
	Plan  string
	Slug  string
}

// ImportState is what the directory knows of the ids and slugs of an import.
type ImportState struct {
	Tenants  []Tenant
	Signups  map[tenancy.ID]bool // those of Tenants that are sign-ups under way
	Removing map[tenancy.ID]bool // ids that an earlier attempt had, and that a cell may still hold
}
