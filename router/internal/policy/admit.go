package policy

import (
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// Admit returns nil if requests of a tenant in the given state go to its cell,
// and otherwise the fault to answer with. Suspension is visible (402); every
// other state looks like a tenant that does not exist.
func Admit(state directory.State) *fault.Error {
	switch state {
	case directory.Active:
		return nil
	case directory.Suspended:
		return suspended
	default:
		return Unknown
	}
}

// The answers are made once: a refused request should cost less than a served one.
var (
	// Unknown is the answer for a key that leads to no tenant.
	Unknown   = fault.New(fault.UnknownTenant, "no tenant answers here; check the address")
	suspended = fault.New(fault.PaymentRequired, "this tenant is suspended; its owner can settle the account to resume it")
)
