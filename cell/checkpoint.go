package cell

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Checkpoint is a cell's signature under a tenant's chain up to a place. Each
// names the one before, so that none can be left out.
type Checkpoint struct {
	Tenant    tenancy.ID
	No        int64 // 1, 2, 3 …
	Seq       int64 // the chain up to here
	Hash      Hash  // of the link there
	Previous  Hash  // Digest of the checkpoint before; zero for the first
	Cell      string
	SignedAt  time.Time         // to the microsecond
	PublicKey ed25519.PublicKey // of the cell that signed
	Signature []byte
}

// Sign signs the checkpoint.
func (c *Checkpoint) Sign(key ed25519.PrivateKey) {
	c.PublicKey, _ = key.Public().(ed25519.PublicKey) // it is one
	c.Signature = ed25519.Sign(key, c.statement())
}

// Genuine reports whether the signature is that of PublicKey's owner. Whether
// that is the cell, somebody else must know.
func (c *Checkpoint) Genuine() bool {
	return len(c.PublicKey) == ed25519.PublicKeySize && ed25519.Verify(c.PublicKey, c.statement(), c.Signature)
}

// Digest is what the next checkpoint names.
func (c *Checkpoint) Digest() Hash {
	return sha256.Sum256(append(c.statement(), c.Signature...))
}

func (c *Checkpoint) statement() []byte {
	return fields("audit-checkpoint-v1", c.Tenant.String(), strconv.FormatInt(c.No, 10), strconv.FormatInt(c.Seq, 10), string(c.Hash[:]),
		string(c.Previous[:]), c.Cell, strconv.FormatInt(c.SignedAt.UnixMicro(), 10), string(c.PublicKey))
}

// ChainEnd is where a tenant's chain ends. Link and checkpoint are zero if its
// log was never sealed.
type ChainEnd struct {
	Link       Link
	Checkpoint Checkpoint
	Endpoints  []WebhookEndpoint // active ones, that may want to be told what is sealed
}

// AuditBatch are rows of one tenant that have no place in its chain yet, in the
// order of their ids.
type AuditBatch struct {
	Tenant tenancy.ID
	Epoch  uint64 // under which the cell serves the tenant
	Whole  bool   // there are no others
	Rows   []AuditRow
}

// Extension is what is added to a chain at once.
type Extension struct {
	Links      []Link
	Rows       []AuditRow  // that got those places
	Checkpoint *Checkpoint // nil: none
	Deliveries []Delivery  // events made of the rows
}

// ChainRecord is a place of a chain with what belongs to it.
type ChainRecord struct {
	Link       Link
	Row        *AuditRow   // nil: the row is gone
	Checkpoint *Checkpoint // signed for the chain up to here; nil: none
}
