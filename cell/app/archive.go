package app

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/export"
	"github.com/coditect/platform/shared/tenancy"
)

// ArchiveOptions is what `cell export` and `cell import` need to know.
type ArchiveOptions struct {
	Cell             string
	MoverDatabaseURL string // secret; role cell_mover, direct
	ControlKey       []byte // secret; 32 bytes
}

// Validate says everything that is wrong with the options, and what to do.
func (o *ArchiveOptions) Validate() error {
	c := &complaints{}
	c.unless(validName.MatchString(o.Cell), "--cell: use 2 to 40 of a-z, 0-9 and hyphens, beginning with a letter")
	c.secret("CELL_MOVER_DATABASE_URL", o.MoverDatabaseURL, "the postgres:// URL of the role cell_mover, not through PgBouncer")
	c.unless(len(o.ControlKey) == KeyBytes, "CELL_CONTROL_KEY: set it to %d bytes in hex, derived from the control plane's master key for this cell", KeyBytes)
	return c.err()
}

// ExportTenant writes a whole tenant, secrets too, and returns what it wrote, in
// words.
func ExportTenant(ctx context.Context, opts ArchiveOptions, id tenancy.ID, out io.Writer) (summary string, err error) {
	err = withArchive(ctx, opts, func(a export.Archive) error {
		s, err := a.Export(ctx, id, out)
		summary = s.String()
		return err
	})
	return summary, err
}

// ImportTenant puts an exported tenant into the cell and opens it, or leaves
// nothing of it. Trusted are public keys of other cells.
func ImportTenant(ctx context.Context, opts ArchiveOptions, id tenancy.ID, epoch uint64, trusted []string, in io.Reader) (summary string, err error) {
	for _, key := range trusted {
		if _, err := export.ParseKey(key); err != nil {
			return "", errors.Join(errors.New("--trust"), err)
		}
	}
	err = withArchive(ctx, opts, func(a export.Archive) error {
		s, err := a.Import(ctx, export.Order{TenantID: id, Epoch: epoch, Trusted: trusted, RequestID: "cell import"}, in)
		summary = s.String()
		return err
	})
	return summary, err
}

// CheckExport reads an export to its end without a database. It returns what it
// holds, in words.
func CheckExport(in io.Reader) (string, error) {
	s, err := export.Check(in)
	if err != nil {
		return "", err
	}
	return s.String() + ", signed by " + orNobody(s.Header.Signer), nil
}

// ExportKey is the public key of the cell's exports.
func ExportKey(controlKey []byte) string { return export.NewSigner(controlKey).PublicKey() }

func orNobody(signer string) string {
	if signer == "" {
		return "nobody"
	}
	return signer
}

func withArchive(ctx context.Context, opts ArchiveOptions, use func(export.Archive) error) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	mover, err := citus.OpenMover(ctx, opts.MoverDatabaseURL, 1)
	if err != nil {
		return err
	}
	defer mover.Close()
	if err := mover.CheckSchema(ctx); err != nil {
		return err
	}
	return use(archive(opts.Cell, opts.ControlKey, time.Now, mover))
}

// archive introduces exports and imports to the database.
func archive(name string, controlKey []byte, clock func() time.Time, mover *citus.Mover) export.Archive {
	return export.Archive{
		Contents: func(id tenancy.ID) export.Source {
			return func(ctx context.Context, read func(export.Content) error) error {
				return mover.ReadContent(ctx, id, func(c *citus.Content) error { return read(c) })
			}
		},
		Exporter: export.Exporter{
			Cell: name, SchemaVersion: citus.SchemaVersion, Secrets: true, Signer: export.NewSigner(controlKey), Clock: clock,
		},
		Importer: export.Importer{Target: mover, SchemaVersion: citus.SchemaVersion},
	}
}
