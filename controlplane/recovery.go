package controlplane

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Incarnation tells one history of a cell's database from another one.
type Incarnation struct {
	SystemID string `json:"system_id"`
	Timeline int64  `json:"timeline"`
}

// DatabaseStanding is which history a cell's database has, and which one the cell was
// told to serve from. While they differ, it serves nobody.
type DatabaseStanding struct {
	Serving bool        `json:"serving"`
	Found   Incarnation `json:"found"`
	Trusted Incarnation `json:"trusted"`
}

// Residence is a line of a cell's inventory.
type Residence struct {
	TenantID     tenancy.ID   `json:"tenant_id"`
	State        string       `json:"state"` // of the fence
	Epoch        uint64       `json:"epoch"`
	MovedTo      string       `json:"moved_to"` // of a departed tenant; likewise the next
	MovedEpoch   uint64       `json:"moved_epoch"`
	Slug         tenancy.Slug `json:"slug"`
	Plan         string       `json:"plan"` // "" once its rows are gone; likewise the next
	Organization string       `json:"organization"`
	Held         *bool        `json:"held"` // its own work waits; nil: the cell's version does not know of it
}

// States of a fence.
const (
	FenceImporting = "importing"
	FenceLive      = "live"
	FenceFrozen    = "frozen"
	FenceSealed    = "sealed"
	FenceDeparted  = "departed"
)

// Holds reports that the cell has the tenant, and not only traces of it.
func (r Residence) Holds() bool {
	return r.State == FenceLive || r.State == FenceFrozen || r.State == FenceSealed
}

// FenceAction is what becomes of a fence.
type FenceAction string

// The actions; a cell's package of the same nouns says what each does.
const (
	FenceDepart FenceAction = "depart"
	FenceOpen   FenceAction = "open"
	FenceClose  FenceAction = "close"
	FenceRemove FenceAction = "remove"
)

// FenceOrder is a change of one fence, if it still is as it was found.
type FenceOrder struct {
	TenantID tenancy.ID  `json:"tenant_id"`
	State    string      `json:"state"`
	Epoch    uint64      `json:"epoch"`
	Action   FenceAction `json:"action"`
	Cell     string      `json:"cell,omitempty"`
	ToEpoch  uint64      `json:"to_epoch,omitempty"`
}

// LossKind says what a cell lacks of a tenant that the directory has there.
type LossKind string

// The kinds.
const (
	LostMissing    LossKind = "missing"    // nothing of it is there
	LostOutdated   LossKind = "outdated"   // rows of an earlier generation are: it was elsewhere since
	LostIncomplete LossKind = "incomplete" // its rows were on their way when the backup was made
)

// Finding is something about a tenant that somebody has to look at.
type Finding struct {
	TenantID tenancy.ID
	Slug     tenancy.Slug
	What     string // what is contradictory, or which LossKind
}

// EndedMoves is what was under way in a cell that was restored.
type EndedMoves struct {
	Migrations       []uuid.UUID // that are undone now, or given up
	Exports, Imports int         // that the cell had open
}

// Reconciliation is what it takes to make a cell's fences agree with the
// directory; once it is done, what was done.
type Reconciliation struct {
	Cell      string
	Standing  DatabaseStanding
	Residents int // fences that were looked at
	Orders    []FenceOrder
	Lost      []Finding // tenants that the directory has there and the cell has not
	Disputed  []Finding // what the rules do not decide: left as it is
	Ended     EndedMoves
}

// Clear reports that nobody has to look at it.
func (r *Reconciliation) Clear() bool { return len(r.Lost) == 0 && len(r.Disputed) == 0 }

// Claim is where a tenant lives, by the word of the cells.
type Claim struct {
	directory.Assignment
	Organization string
}

// Rebuilding is what it takes to make the directory agree with the cells.
type Rebuilding struct {
	Cells   int // that were asked
	Fences  int // that they have
	Same    int // tenants about whom they agree
	Create  []Claim
	Correct []Claim   // tenants that the directory has elsewhere, under an earlier epoch
	Lost    []Finding // tenants of the directory that no cell has
	Dispute []Finding // what the rules do not decide: left as it is
}
