package cell

import (
	"crypto/ed25519"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

// Horizon is a cell's signature under where a tenant's log begins: what is up
// to its place the plan keeps no longer, and it may be gone. The zero Horizon
// is before the first place.
type Horizon struct {
	Tenant     tenancy.ID
	Base       Link      // the last place whose row may be gone; the link itself stays
	Checkpoint int64     // number of the checkpoint there
	Digest     Hash      // of that checkpoint
	Before     time.Time // to the microsecond: what is gone was older
	Cell       string
	SignedAt   time.Time         // to the microsecond
	PublicKey  ed25519.PublicKey // of the cell that signed
	Signature  []byte
}

// Drawn reports whether anything of the log may be gone.
func (h *Horizon) Drawn() bool { return h.Base.Seq > 0 }

// Sign signs the horizon.
func (h *Horizon) Sign(key ed25519.PrivateKey) {
	h.PublicKey = cellapi.PublicHalf(key)
	h.Signature = ed25519.Sign(key, h.statement())
}

// Genuine reports whether the signature is that of PublicKey's owner. Whether
// that is the cell, somebody else must know.
func (h *Horizon) Genuine() bool {
	return len(h.PublicKey) == ed25519.PublicKeySize && ed25519.Verify(h.PublicKey, h.statement(), h.Signature)
}

func (h *Horizon) statement() []byte {
	return cellapi.Canonical("audit-horizon-v1", h.Tenant.String(), strconv.FormatInt(h.Base.Seq, 10), h.Base.AuditID.String(), string(h.Base.Hash[:]), h.Base.Newest.String(),
		strconv.FormatInt(h.Checkpoint, 10), string(h.Digest[:]), strconv.FormatInt(h.Before.UnixMicro(), 10), h.Cell,
		strconv.FormatInt(h.SignedAt.UnixMicro(), 10), string(h.PublicKey))
}

// LogBeginning says where a tenant's log begins, and whether it is to begin
// later.
type LogBeginning struct {
	Tenant  tenancy.ID
	Plan    string
	Drawn   time.Time // when its horizon was signed; zero: never
	Next    time.Time // when the first checkpoint behind the horizon was signed; zero: there is none
	Removed bool      // all that is up to the horizon is gone
}
