package cell

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

// AuditRow is a row of the audit log as the chain covers it.
type AuditRow struct {
	Tenant  tenancy.ID
	Entry   AuditEntry // without Details
	Details string     // as the database prints its jsonb: keys in a fixed order
}

// Hash is a SHA-256 sum.
type Hash [sha256.Size]byte

// Link is one place of a tenant's chain. The zero Link is the place before the
// first.
type Link struct {
	Seq     int64     // 1, 2, 3 …
	AuditID uuid.UUID // the row at this place
	Hash    Hash      // over the hash of the place before and the row
	Newest  uuid.UUID // the greatest AuditID up to here
}

// Next returns the link of the row that comes after l.
func (l Link) Next(row AuditRow) Link {
	next := Link{Seq: l.Seq + 1, AuditID: row.Entry.ID, Hash: l.Hash.Chain(row), Newest: l.Newest}
	if row.Entry.ID.String() > l.Newest.String() {
		next.Newest = row.Entry.ID
	}
	return next
}

// Chain returns SHA-256(h ‖ canonical row).
func (h Hash) Chain(row AuditRow) Hash {
	return sha256.Sum256(append(h[:], row.canonical()...))
}

// canonical writes the row's fields in a fixed order, each behind its length,
// so that no two rows look the same.
func (r AuditRow) canonical() []byte {
	e := r.Entry
	return cellapi.Canonical("audit-row-v1", r.Tenant.String(), e.ID.String(), strconv.FormatInt(e.At.UnixMicro(), 10), string(e.ActorKind), e.ActorID.String(),
		e.Client, e.Subject, e.Action, e.SubjectType, e.SubjectID.String(), e.RequestID, r.Details)
}

// TimeOfID returns the moment at which a UUIDv7 was made, to the millisecond.
func TimeOfID(id uuid.UUID) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
}

// FirstIDAt returns the least id of those that are made at t.
func FirstIDAt(t time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(max(0, t.UnixMilli()))<<16)
	return id
}
