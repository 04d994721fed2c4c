package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Archive is what operators do with whole tenants: everything, secrets too,
// signed by the cell. All fields are required.
type Archive struct {
	Contents func(tenancy.ID) Source
	Exporter Exporter
	Importer Importer
}

// Export writes a tenant.
func (a Archive) Export(ctx context.Context, id tenancy.ID, out io.Writer) (Summary, error) {
	return a.Exporter.Export(ctx, a.Contents(id), out)
}

// Import puts an export of this cell, or of one that the order trusts, into
// the cell.
func (a Archive) Import(ctx context.Context, order Order, in io.Reader) (Summary, error) {
	order.Trusted = append([]string{a.PublicKey()}, order.Trusted...)
	return a.Importer.Import(ctx, order, in)
}

// Replace is Import in the place of what the cell holds of the tenant by now. The
// archive is kept in a temporary file and checked to its end before anything of
// the tenant goes: what is damaged changes nothing.
func (a Archive) Replace(ctx context.Context, order Order, in io.Reader) (s Summary, err error) {
	spool, err := os.CreateTemp("", "archive-*")
	if err != nil {
		return s, fmt.Errorf("room for the archive: %w", err)
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	if _, err := io.Copy(spool, in); err != nil {
		return s, fault.Wrap(err, fault.Malformed, "the archive broke off")
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return s, err
	}
	if _, err := Check(bufio.NewReader(spool)); err != nil {
		return s, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return s, err
	}
	order.Replace = true
	return a.Import(ctx, order, bufio.NewReader(spool))
}

// PublicKey is the key that other cells need to trust to take this cell's exports.
func (a Archive) PublicKey() string { return a.Exporter.Signer.PublicKey() }
