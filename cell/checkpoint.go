package cell

import (
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

// Checkpoint is a cell's signature under a tenant's chain up to a place.
type Checkpoint = cellapi.Checkpoint

// ChainEnd is where a tenant's chain ends. Link and checkpoint are zero if its
// log was never sealed; the horizon is, if nothing of it was ever removed.
type ChainEnd struct {
	Link       Link
	Checkpoint Checkpoint
	Horizon    Horizon
	Endpoints  []WebhookEndpoint // active ones, that may want to be told what is sealed
}

// Resident is a tenant that the cell serves, under this epoch.
type Resident struct {
	Tenant tenancy.ID
	Epoch  uint64
}

// AuditBatch are rows of one tenant that have no place in its chain yet, in the
// order of their ids.
type AuditBatch struct {
	Tenant tenancy.ID
	Epoch  uint64 // under which the cell serves the tenant
	Whole  bool   // there are no others
	Rows   []AuditRow
}

// Extension is what is added to a chain at once.
type Extension struct {
	Links      []Link
	Rows       []AuditRow  // that got those places
	Checkpoint *Checkpoint // nil: none
	Horizon    *Horizon    // the chain's own, signed by this cell now; nil: it stays as it is
	Deliveries []Delivery  // events made of the rows
}

// ChainRecord is a place of a chain with what belongs to it.
type ChainRecord struct {
	Link       Link
	Row        *AuditRow   // nil: the row is gone
	Checkpoint *Checkpoint // signed for the chain up to here; nil: none
}
