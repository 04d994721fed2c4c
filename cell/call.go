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
	KeyHash    []byte     // SHA-256 of the caller's API key; not used if Token is set
	Token      *Token     // what the router verified; nil: the caller shows an API key
	Permission Permission // what the operation needs
	Self       uuid.UUID  // this user needs no Permission: the operation is about itself; zero: nobody
	RequestID  string     // joins audit rows with logs
	Once       *Once      // nil: the write takes effect as often as it arrives
	System     bool       // the cell itself acts (workers): no key, every right

	// ServedEpoch is set once the fence has let the call pass: the generation
	// under which the cell serves the tenant.
	ServedEpoch uint64
	Admitted    Actor // likewise, once the caller's rights were found to suffice
	Allowed     bool  // likewise; also if that was known without asking the database
}
