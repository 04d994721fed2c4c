package cell

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Call is on whose behalf a transaction runs: every path into a tenant's rows
// carries one, and none gets past the fence without it.
type Call struct {
	Tenant     tenancy.ID
	Epoch      uint64     // the newest generation the caller knows; 0: none
	KeyHash    []byte     // SHA-256 of the caller's API key
	Permission Permission // what the operation needs
	RequestID  string     // joins audit rows with logs
	System     bool       // the cell itself acts (workers): no key, every right

	// ServedEpoch is set once the fence has let the call pass: the generation
	// under which the cell serves the tenant.
	ServedEpoch uint64
}

// Actor is who turned out to be calling.
type Actor struct {
	UserID uuid.UUID // zero for the cell itself
	Role   Role
}

// ActorKind says what sort of actor an audit row names.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"
	ActorSystem  ActorKind = "system"  // the cell's workers
	ActorControl ActorKind = "control" // the control plane
)
