package cell

import (
	"crypto/sha256"
	"hash"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Section is the rows of one table of a tenant, of which each travels as one
// JSON object with these columns.
type Section struct {
	Table   string
	Columns []string // in the order of their bytes
}

// Digest identifies the rows of one section: two cells hold the same rows
// exactly if their digests are equal.
type Digest struct {
	Rows   int64
	SHA256 [sha256.Size]byte // of the rows' texts in the order of the primary key, a line feed after each
}

// Digester computes a Digest. The zero Digester is ready for the first row.
type Digester struct {
	rows int64
	sum  hash.Hash
}

// Add takes the next row's text.
func (d *Digester) Add(row []byte) {
	d.begin()
	d.rows++
	_, _ = d.sum.Write(row) // a hash takes everything
	_, _ = d.sum.Write([]byte{'\n'})
}

// Digest returns the digest of the rows so far.
func (d *Digester) Digest() Digest {
	d.begin()
	return Digest{Rows: d.rows, SHA256: [sha256.Size]byte(d.sum.Sum(nil))}
}

func (d *Digester) begin() {
	if d.sum == nil {
		d.sum = sha256.New()
	}
}

// Intake is one attempt at putting an exported tenant into this cell.
type Intake struct {
	ID       uuid.UUID // of the attempt: another one of the same tenant takes its place
	TenantID tenancy.ID
	Slug     tenancy.Slug
	Epoch    uint64 // the generation under which the cell shall hold the tenant
	Replaces bool   // what the cell holds of the tenant, under this generation or an earlier one
}

// Token is what the fence keeps of the attempt, so that no other one adds to
// its rows or opens the cell to them.
func (i Intake) Token() []byte {
	sum := sha256.Sum256([]byte("intake:" + i.ID.String()))
	return sum[:]
}
