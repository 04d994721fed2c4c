package cell

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/coditect/platform/shared/tenancy"
)

// Arrival is a new tenant as the control plane hands it to the cell.
type Arrival struct {
	TenantID     tenancy.ID   `json:"tenant_id"`
	Slug         tenancy.Slug `json:"slug"`
	Epoch        uint64       `json:"epoch"`
	Plan         string       `json:"plan"`
	Organization string       `json:"organization"`
	OwnerName    string       `json:"owner_name"`
	OwnerEmail   string       `json:"owner_email"`
	OwnerKeyHash []byte       `json:"owner_key_hash"` // SHA-256 of the owner's API key
}

// ContentHash tells two arrivals of one tenant apart: a repeated request has
// the same, another one has not.
func (a Arrival) ContentHash() []byte {
	// Marshalling strings, numbers and bytes cannot fail.
	text, _ := json.Marshal(a)
	sum := sha256.Sum256(text)
	return sum[:]
}

// Residence is one line of the cell's inventory: all that it takes to know the
// tenant again, should the directory be lost.
type Residence struct {
	TenantID     tenancy.ID
	State        FenceState
	Epoch        uint64
	MovedTo      string // departed: the cell that took over
	MovedEpoch   uint64 // departed: the generation under which it did
	Slug         tenancy.Slug
	Plan         string // "" once its rows are gone; likewise the organization's name
	Held         bool   // its own work waits
	Organization string
}

// Admission is what became of an arrival that came with others.
type Admission struct {
	Fence Fence
	Same  bool // the cell holds the tenant at the epoch and with the content of the arrival
}
