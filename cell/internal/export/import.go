package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Target stores what is imported. It is an interface because use-cases do not
// know the database.
type Target interface {
	BeginIntake(ctx context.Context, in cell.Intake) error
	TakeIn(ctx context.Context, in cell.Intake, section cell.Section, rows [][]byte) error
	DigestIntake(ctx context.Context, in cell.Intake, section cell.Section) (cell.Digest, error)
	FinishIntake(ctx context.Context, in cell.Intake, requestID string) error
	AbandonIntake(ctx context.Context, in cell.Intake) error
}

// Order says what an import may bring: this tenant, under this epoch, from a
// cell that is trusted.
type Order struct {
	TenantID  tenancy.ID
	Epoch     uint64   // of the tenant in this cell; not below the export's
	Trusted   []string // public keys of cells, in hexadecimal
	RequestID string
	Replace   bool // what the cell holds of the tenant by now, whatever its state; see [Archive.Replace]
}

// Importer puts exports into a cell. All fields are required.
type Importer struct {
	Target        Target
	SchemaVersion int64 // of this cell
}

const (
	batchRows  = 1000
	batchBytes = 1 << 20

	abandonTimeout = time.Minute
)

// Import reads an export to its end and opens the cell to the tenant, or leaves
// nothing of it. An error says what is wrong with the export.
func (i Importer) Import(ctx context.Context, order Order, in io.Reader) (Summary, error) {
	r, err := NewReader(in)
	if err != nil {
		return Summary{}, err
	}
	if err := i.check(order, r.Header()); err != nil {
		return Summary{}, err
	}
	intake := cell.Intake{ID: uuid.New(), TenantID: order.TenantID, Slug: r.Header().Tenant.Slug, Epoch: order.Epoch, Replaces: order.Replace}
	if err := i.Target.BeginIntake(ctx, intake); err != nil {
		return Summary{}, err
	}
	err = i.takeIn(ctx, intake, r)
	if err == nil {
		err = i.verify(ctx, intake, r.Summary())
	}
	if err == nil {
		err = i.Target.FinishIntake(ctx, intake, order.RequestID)
	}
	if err != nil {
		return Summary{}, errors.Join(err, i.abandon(ctx, intake))
	}
	return r.Summary(), nil
}

// abandon goes on when whoever asked for the import has gone away.
func (i Importer) abandon(ctx context.Context, intake cell.Intake) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	if err := i.Target.AbandonIntake(ctx, intake); err != nil {
		return fmt.Errorf("what was imported could not be removed; it serves nobody, and importing again replaces it: %w", err)
	}
	return nil
}

// check refuses at once what could not be opened at the end.
func (i Importer) check(order Order, h Header) error {
	_, slugErr := tenancy.ParseSlug(string(h.Tenant.Slug))
	switch {
	case h.Tenant.ID != order.TenantID:
		return fault.New(fault.Invalid, "the export is of another tenant: %s", h.Tenant.ID)
	case !h.Secrets || h.Signer == "":
		return fault.New(fault.Invalid, "the export is a tenant's own copy without secrets; only an operator's can be imported")
	case !slices.Contains(order.Trusted, h.Signer):
		return fault.New(fault.Invalid, "the export is signed by a cell that is not trusted here: name its public key as trusted if it should be")
	case h.SchemaVersion > i.SchemaVersion:
		return fault.New(fault.Invalid, "the export has schema version %d, this cell has %d: update the cell first", h.SchemaVersion, i.SchemaVersion)
	case order.Epoch < h.Tenant.Epoch:
		return fault.New(fault.Invalid, "the export was made under epoch %d; an import needs that one or a later one", h.Tenant.Epoch)
	case slugErr != nil:
		return fault.Wrap(slugErr, fault.Malformed, "the export names a slug that cannot be one")
	}
	return nil
}

func (i Importer) takeIn(ctx context.Context, intake cell.Intake, r *Reader) error {
	for {
		section, err := r.NextSection()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := i.takeInSection(ctx, intake, section, r); err != nil {
			return err
		}
	}
}

func (i Importer) takeInSection(ctx context.Context, intake cell.Intake, section cell.Section, r *Reader) error {
	var batch [][]byte
	size := 0
	for {
		row, err := r.NextRow()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		if !ended {
			batch, size = append(batch, bytes.Clone(row)), size+len(row)
		}
		if len(batch) > 0 && (ended || len(batch) >= batchRows || size >= batchBytes) {
			if err := i.Target.TakeIn(ctx, intake, section, batch); err != nil {
				return err
			}
			batch, size = batch[:0], 0
		}
		if ended {
			return nil
		}
	}
}

// verify compares what is stored with what was read, by reading it back.
func (i Importer) verify(ctx context.Context, intake cell.Intake, summary Summary) error {
	for _, s := range summary.Sections {
		stored, err := i.Target.DigestIntake(ctx, intake, s.Section)
		if err != nil {
			return err
		}
		if stored != s.Digest {
			return fault.New(fault.Invalid, "the table %s holds other rows than the export: rows of another tenant, or values that this cell writes differently", s.Table)
		}
	}
	return nil
}
