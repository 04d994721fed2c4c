package cell

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Layer is a part of what the cell remembers of earlier requests.
type Layer string

// The layers, from the one that is kept longest.
const (
	Sessions  Layer = "sessions"  // who a credential turned out to be
	Queries   Layer = "queries"   // answers that cost the database much
	Responses Layer = "responses" // other answers
)

// Life is how long something is remembered if nothing changes it. It bounds
// how old an answer can ever be, whatever breaks.
func (l Layer) Life() time.Duration {
	switch l {
	case Sessions:
		return time.Hour
	case Queries:
		return 5 * time.Minute
	case Responses:
		return time.Minute
	}
	return 0
}

// Question is a request whose answer may be remembered.
type Question struct {
	Tenant     tenancy.ID
	Epoch      uint64 // that the request knows; an answer is remembered for this one only
	Credential []byte // a hash that tells callers apart whose rights stand in the database; nil: the caller's do not
	Target     string // path and query, as sent
	Layer      Layer  // Queries or Responses
}

// Generation changes whenever what was remembered before must not be used any
// more. Generations are random, so that one that was lost never comes again.
type Generation [16]byte

// Remembered is what is known about a question. The zero value knows nothing
// and lets nothing be kept.
type Remembered struct {
	Open         bool       // what is found out now may be kept under the two generations
	Data, Rights Generation // as they stood before it was found out
	Actor        *Actor     // nil: not known
	Answer       *Answer    // nil: not known
	Epoch        uint64     // that served Answer
}

// Finding is what became of a question that was not answered from memory.
type Finding struct {
	Actor  *Actor // nil: not to be kept
	Answer Answer
	Epoch  uint64        // that served Answer
	Took   time.Duration // to find out
}

// Mutation is one transaction that changes a tenant's rows. Whoever remembers
// answers hears of it before it commits and afterwards.
type Mutation struct {
	ID     uuid.UUID
	Tenant tenancy.ID
	Rights bool // it may change who may do what
}
