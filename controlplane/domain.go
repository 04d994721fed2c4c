package controlplane

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// MaxDomains bounds a tenant's custom domains, pending ones included.
const MaxDomains = 50

// Domain is a custom domain that a tenant claims. Only a verified one leads to
// the tenant, and only one tenant can have it verified.
type Domain struct {
	TenantID   tenancy.ID
	Name       tenancy.Domain
	Token      string // what its owner must publish
	CreatedAt  time.Time
	VerifiedAt time.Time // zero while pending
}

// ChallengeName is the name of the TXT record that proves ownership.
func (d Domain) ChallengeName() string { return "_coditect-challenge." + string(d.Name) }

// Verified reports whether ownership was proved.
func (d Domain) Verified() bool { return !d.VerifiedAt.IsZero() }
