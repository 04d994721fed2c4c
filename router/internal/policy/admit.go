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

// Afford returns nil if a tenant's bills leave it this request, and otherwise
// the fault to answer with. Reading is what HTTP calls safe (RFC 9110 §9.2.1).
func Afford(access directory.Access, m Match, method string) *fault.Error {
	switch {
	case access == directory.FullAccess || m.Unpaid:
		return nil
	case access == directory.ReadOnly && (method == "GET" || method == "HEAD" || method == "OPTIONS"):
		return nil
	case access == directory.ReadOnly:
		return readOnly
	}
	return unpaid
}

// The answers are made once: a refused request should cost less than a served one.
var (
	// Unknown is the answer for a key that leads to no tenant.
	Unknown   = fault.New(fault.UnknownTenant, "no tenant answers here; check the address")
	suspended = fault.New(fault.PaymentRequired, "this tenant is suspended; its owner can settle the account to resume it")
	readOnly  = fault.New(fault.TenantReadOnly, "an invoice of this tenant is unpaid, so it can read and not write; once it is paid, by POST /v1/billing/portal or at the address that the invoice names, writes are let in at once")
	unpaid    = fault.New(fault.PaymentRequired, "an invoice of this tenant has been unpaid for too long; once it is paid, by POST /v1/billing/portal or at the address that the invoice names, everything is served again at once")
)
