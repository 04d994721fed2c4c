package chain

import (
	"crypto/ed25519"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

// A checkpoint is signed once so many places follow the last one, or if it is
// that old and any follow.
const (
	CheckpointRows = 256
	CheckpointAge  = 5 * time.Minute
)

// Signer signs a cell's checkpoints and horizons.
type Signer struct {
	cell  string
	key   ed25519.PrivateKey
	clock func() time.Time
}

// NewSigner returns the signer of the cell with the control key.
func NewSigner(cellName string, controlKey []byte, clock func() time.Time) *Signer {
	return &Signer{cell: cellName, key: cellapi.CheckpointKey(controlKey), clock: clock}
}

// PublicKey verifies what the signer signs.
func (s *Signer) PublicKey() ed25519.PublicKey { return cellapi.PublicHalf(s.key) }

// Seal gives the rows that are not too old the next places, in their order, and
// signs a checkpoint if one is due.
func (s *Signer) Seal(end cell.ChainEnd, b cell.AuditBatch) cell.Extension {
	var made cell.Extension
	last := end.Link
	for _, row := range b.Rows {
		if tooOld(row.Entry.ID, last.Newest) {
			continue
		}
		last = last.Next(row)
		made.Links, made.Rows = append(made.Links, last), append(made.Rows, row)
	}
	if last.Seq > end.Checkpoint.Seq && s.due(last, end.Checkpoint) {
		made.Checkpoint = s.sign(b.Tenant, last, end.Checkpoint)
	}
	if h := end.Horizon; h.Drawn() && !s.PublicKey().Equal(h.PublicKey) && h.Genuine() {
		made.Horizon = s.signHorizon(h) // taken over with the chain
	}
	return made
}

// Draw signs the horizon at a checkpoint: what is up to there is older than before.
func (s *Signer) Draw(tenant tenancy.ID, at Cut, before time.Time) cell.Horizon {
	return *s.signHorizon(cell.Horizon{
		Tenant: tenant, Base: at.Link, Checkpoint: at.Checkpoint.No, Digest: at.Checkpoint.Digest(), Before: before.UTC().Truncate(time.Microsecond),
	})
}

func (s *Signer) signHorizon(h cell.Horizon) *cell.Horizon {
	h.Cell, h.SignedAt = s.cell, s.clock().UTC().Truncate(time.Microsecond)
	h.Sign(s.key)
	return &h
}

func tooOld(id, newest uuid.UUID) bool {
	return cell.TimeOfID(id).Before(cell.TimeOfID(newest).Add(-Grace))
}

// due: what another cell signed for last is signed for again at once, since
// here nobody knows the other cell's key.
func (s *Signer) due(last cell.Link, before cell.Checkpoint) bool {
	return last.Seq-before.Seq >= CheckpointRows || s.clock().Sub(before.SignedAt) >= CheckpointAge || !s.PublicKey().Equal(before.PublicKey)
}

func (s *Signer) sign(tenant tenancy.ID, last cell.Link, before cell.Checkpoint) *cell.Checkpoint {
	c := &cell.Checkpoint{
		Tenant: tenant, No: before.No + 1, Seq: last.Seq, Hash: last.Hash, Cell: s.cell, SignedAt: s.clock().UTC().Truncate(time.Microsecond),
	}
	if before.No > 0 {
		c.Previous = before.Digest()
	}
	c.Sign(s.key)
	return c
}
