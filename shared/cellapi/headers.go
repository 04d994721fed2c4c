package cellapi

// Headers that the router sets. It removes whatever a client sent under these
// names, in any spelling.
const (
	HeaderTenantID    = "X-Tenant-Id"
	HeaderTenantEpoch = "X-Tenant-Epoch" // decimal; also on answers: the epoch that served
	HeaderRequestID   = "X-Request-Id"
	HeaderPrincipal   = "X-Tenant-Principal" // who the router verified the caller to be; empty: nobody yet
	HeaderTimestamp   = "X-Edge-Timestamp"   // decimal Unix seconds
	HeaderSignature   = "X-Edge-Signature"   // see Signer
	HeaderTraceparent = "Traceparent"        // W3C Trace Context

	// HeaderDeadline says how many milliseconds are left until the client's
	// answer is due: decimal, at least 1. It is not signed: it can only make the
	// cell give up earlier.
	HeaderDeadline = "X-Edge-Deadline"
)

// Headers by which a cell says, before anything was executed, that it may not
// serve a request.
const (
	HeaderTenantState = "Tenant-State"  // with 421 and 503: one of the values below
	HeaderTenantCell  = "X-Tenant-Cell" // with 421: where the tenant went, if the cell knows
)

// Values of [HeaderTenantState].
const (
	StateAbsent       = "absent"        // 421: no such tenant here
	StateDeparted     = "departed"      // 421: it went to HeaderTenantCell at HeaderTenantEpoch
	StateImporting    = "importing"     // 503: it is on its way here
	StateFrozen       = "frozen"        // 503: writes wait for a migration's end
	StateUnknownEpoch = "unknown-epoch" // 503: the request knows a later epoch than the cell: it was restored
)
