package directory

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// State is what the directory says of a tenant.
type State string

// The states of a tenant. Only active and suspended tenants are routed;
// suspended ones are answered 402 at the edge. Deleted is a tombstone: the
// tenant's keys lead nowhere any more, its id is never used again.
const (
	Provisioning State = "provisioning"
	Active       State = "active"
	Suspended    State = "suspended"
	Deleting     State = "deleting"
	Deleted      State = "deleted"
)

// States lists every state; the index is its number in a snapshot.
var States = [...]State{Provisioning, Active, Suspended, Deleting, Deleted}

// Assignment says where a tenant lives. It is immutable: a change makes a new
// one with a higher version.
type Assignment struct {
	TenantID tenancy.ID       `json:"tenant_id"`
	Slug     tenancy.Slug     `json:"slug"`
	Domains  []tenancy.Domain `json:"domains,omitempty"` // verified ones only
	Cell     string           `json:"cell"`
	Region   string           `json:"region"` // the cell's region
	State    State            `json:"state"`
	Epoch    uint64           `json:"epoch"` // ownership generation: +1 exactly when the tenant changes cell
	Plan     string           `json:"plan"`
	Edge     *EdgePolicy      `json:"edge,omitempty"` // immutable, as the whole assignment
	Version  uint64           `json:"version"`        // the directory change that made this assignment
}

// CellState is what the control plane thinks of a cell.
type CellState string

// The states of a cell. Only an active one receives new tenants; every state
// but provisioning and retired keeps serving those it has.
const (
	CellProvisioning CellState = "provisioning"
	CellActive       CellState = "active"
	CellCordoned     CellState = "cordoned"
	CellDraining     CellState = "draining"
	CellRetired      CellState = "retired"
)

// Cell is what a router must know of a cell in order to send it requests.
type Cell struct {
	ID       string    `json:"id"`
	Region   string    `json:"region"`
	Endpoint string    `json:"endpoint"` // base URL of its tenant-facing API, without a path
	State    CellState `json:"state"`
	Version  uint64    `json:"version"`
}

// Change is one entry of the directory's change log: exactly one of Tenant and
// Cell is set.
type Change struct {
	Version uint64      `json:"version"`
	Time    time.Time   `json:"time"` // when it was committed, by the control plane's clock
	Tenant  *Assignment `json:"tenant,omitempty"`
	Cell    *Cell       `json:"cell,omitempty"`
}

// Changes is a run of the change log without gaps: the answer of
// GET /v1/directory/changes and the payload of one message on [Subject].
type Changes struct {
	Since   uint64   `json:"since"`   // the first change is Since+1
	Changes []Change `json:"changes"` // in version order, may be empty
}

// Last returns the version that a reader has after applying the run.
func (c Changes) Last() uint64 {
	if len(c.Changes) == 0 {
		return c.Since
	}
	return c.Changes[len(c.Changes)-1].Version
}

// Entry is the answer of a lookup: the assignment and the cell it names.
type Entry struct {
	Tenant Assignment `json:"tenant"`
	Cell   Cell       `json:"cell"`
}

// Names in NATS JetStream.
const (
	Stream  = "DIRECTORY"
	Subject = "directory.changes"
)

// KeyKind tells the three kinds of keys that lead to a tenant apart.
type KeyKind string

// The kinds of keys of a lookup.
const (
	BySlug   KeyKind = "slug"
	ByDomain KeyKind = "domain"
	ByID     KeyKind = "id"
)

// Key leads to at most one tenant at a time.
type Key struct {
	Kind  KeyKind `json:"kind"`
	Value string  `json:"value"` // canonical form, as package tenancy parses it
}
