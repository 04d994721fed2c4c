package export

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// Content is everything of one tenant in one snapshot. It is an interface
// because use-cases do not know the database.
type Content interface {
	Fence() cell.Fence
	Plan() string
	Sections() []cell.Section
	EachRow(ctx context.Context, section cell.Section, each func(row []byte) error) error
}

// Source gives the function a tenant's content.
type Source func(ctx context.Context, read func(Content) error) error

// Exporter writes tenants. Its fields but Signer are required.
type Exporter struct {
	Cell          string
	SchemaVersion int64
	Secrets       bool    // what Source gives has them
	Signer        *Signer // nil: exports are not signed, and no cell imports them
	Clock         func() time.Time
}

// Export writes the tenant that the source reads. What was written before an
// error has no trailer, and passes for an export nowhere.
func (e Exporter) Export(ctx context.Context, source Source, out io.Writer) (Summary, error) {
	var summary Summary
	err := source(ctx, func(c Content) error {
		fence := c.Fence()
		w, err := begin(out, Header{
			Format: Format, Version: Version, ExportID: uuid.Must(uuid.NewV7()), Cell: e.Cell, SchemaVersion: e.SchemaVersion,
			MadeAt: e.Clock().UTC(), Secrets: e.Secrets,
			Tenant: Tenant{ID: fence.TenantID, Slug: fence.Slug, Plan: c.Plan(), Epoch: fence.Epoch},
		}, e.Signer)
		if err != nil {
			return err
		}
		for _, s := range c.Sections() {
			if err := writeSection(ctx, w, c, s); err != nil {
				return err
			}
		}
		if err := w.close(); err != nil {
			return err
		}
		summary = w.summary
		return nil
	})
	return summary, err
}

func writeSection(ctx context.Context, w *writer, c Content, s cell.Section) error {
	if err := w.section(s); err != nil {
		return err
	}
	if err := c.EachRow(ctx, s, w.row); err != nil {
		return err
	}
	return w.endSection()
}
