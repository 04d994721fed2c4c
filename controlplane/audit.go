package controlplane

import "time"

// AuditEntry says who did what to what. It is written in the transaction of the
// change that it tells of.
type AuditEntry struct {
	ID        int64
	At        time.Time
	Actor     string
	Role      string
	Action    string // noun.verb, for example tenant.suspend
	Target    string // tenant id, cell id or key name
	RequestID string
	Detail    map[string]any
}

// AuditFilter selects entries; an empty field selects all.
type AuditFilter struct{ Actor, Action, Target string }
