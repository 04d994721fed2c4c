package cellclient

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	slowTimeout = 30 * time.Second // making a slot waits for the writers in flight; a cleanup works some seconds

	// verifyTimeout is generous: both sides read everything. A repeated call
	// joins the verification that runs.
	verifyTimeout = 10 * time.Minute

	// drainSlack is the way there and back.
	drainSlack = 2 * time.Second

	// ticketLife is how long a target may read from its source with one ticket.
	// It is renewed long before.
	ticketLife = 2 * time.Hour
)

func tenantPath(id tenancy.ID) string { return tenantsPath + "/" + id.String() }

func importPath(m controlplane.Migration) string {
	return tenantPath(m.TenantID) + "/imports/" + m.ID.String()
}

func exportPath(m controlplane.Migration) string {
	return tenantPath(m.TenantID) + "/exports/" + m.ID.String()
}

// TransferInfo returns the cell as a party of migrations.
func (c *Client) TransferInfo(ctx context.Context, cell string) (info controlplane.TransferInfo, err error) {
	err = c.call(ctx, callTimeout, cell, http.MethodGet, "/internal/v1/transfer", nil, &info)
	return info, err
}

// Size returns the cell's estimate of a tenant, and how its fence stands.
func (c *Client) Size(ctx context.Context, cell string, id tenancy.ID) (controlplane.TenantSize, error) {
	var out struct {
		Rows   int64      `json:"rows"`
		Bytes  int64      `json:"bytes"`
		Tables []struct{} `json:"tables"`
		State  string     `json:"state"`
		Epoch  uint64     `json:"epoch"`
	}
	err := c.call(ctx, callTimeout, cell, http.MethodGet, tenantPath(id)+"/size", nil, &out)
	return controlplane.TenantSize{Rows: out.Rows, Bytes: out.Bytes, Tables: len(out.Tables), State: out.State, Epoch: out.Epoch}, err
}

// Freeze stops the tenant's writes for a while.
func (c *Client) Freeze(ctx context.Context, cell string, m controlplane.Migration, epoch uint64, d time.Duration) (freeze controlplane.Freeze, err error) {
	in := struct {
		Epoch     uint64    `json:"epoch"`
		Migration uuid.UUID `json:"migration_id"`
		ForMillis int64     `json:"for_ms"`
	}{epoch, m.ID, d.Milliseconds()}
	err = c.call(ctx, d+drainSlack, cell, http.MethodPost, tenantPath(m.TenantID)+"/freeze", in, &freeze)
	return freeze, err
}

type freezeReference struct {
	Epoch    uint64 `json:"epoch"`
	FreezeNo uint64 `json:"freeze_no"`
}

// Seal makes a freeze final. A fault (conflict) means that it holds no more.
func (c *Client) Seal(ctx context.Context, cell string, id tenancy.ID, epoch, freezeNo uint64) error {
	return c.call(ctx, callTimeout, cell, http.MethodPost, tenantPath(id)+"/seal", freezeReference{epoch, freezeNo}, nil)
}

// Thaw lets the tenant write again.
func (c *Client) Thaw(ctx context.Context, cell string, id tenancy.ID, epoch, freezeNo uint64) error {
	return c.call(ctx, callTimeout, cell, http.MethodPost, tenantPath(id)+"/thaw", freezeReference{epoch, freezeNo}, nil)
}

// Depart tells the cell where the tenant went.
func (c *Client) Depart(ctx context.Context, cell string, id tenancy.ID, epoch, freezeNo uint64, to string) error {
	in := struct {
		freezeReference
		ToCell  string `json:"to_cell"`
		ToEpoch uint64 `json:"to_epoch"`
	}{freezeReference{epoch, freezeNo}, to, epoch + 1}
	return c.call(ctx, callTimeout, cell, http.MethodPost, tenantPath(id)+"/depart", in, nil)
}

// CleanUp removes some of a departed tenant's rows; remaining says whether
// there are more.
func (c *Client) CleanUp(ctx context.Context, cell string, m controlplane.Migration, epoch uint64) (remaining bool, err error) {
	in := struct {
		Epoch     uint64    `json:"epoch"`
		Migration uuid.UUID `json:"migration_id"`
	}{epoch, m.ID}
	var out struct {
		Remaining bool `json:"remaining"`
	}
	err = c.call(ctx, slowTimeout, cell, http.MethodPost, tenantPath(m.TenantID)+"/cleanup", in, &out)
	return out.Remaining, err
}

// EndMoves has a cell that was restored from a backup end every export and import
// that the backup had open, and returns how many those were.
func (c *Client) EndMoves(ctx context.Context, cell string) (exports, imports int, err error) {
	var out struct {
		Exports int `json:"exports"`
		Imports int `json:"imports"`
	}
	err = c.call(ctx, verifyTimeout, cell, http.MethodDelete, "/internal/v1/transfer/moves", nil, &out)
	return out.Exports, out.Imports, err
}

// OpenExport has the cell keep the tenant's changes for the other one; reverse
// is an export that begins when the cell is activated.
func (c *Client) OpenExport(ctx context.Context, cell string, m controlplane.Migration, epoch uint64, to string, reverse bool) error {
	in := struct {
		Epoch   uint64 `json:"epoch"`
		Target  string `json:"target_cell"`
		Reverse bool   `json:"reverse"`
	}{epoch, to, reverse}
	return c.call(ctx, slowTimeout, cell, http.MethodPut, exportPath(m), in, nil)
}

// CloseExport drops all that an export holds.
func (c *Client) CloseExport(ctx context.Context, cell string, m controlplane.Migration) error {
	return c.call(ctx, slowTimeout, cell, http.MethodDelete, exportPath(m), nil, nil)
}

// OpenImport has the cell fetch the tenant, or gives a running import a new
// ticket and rate.
func (c *Client) OpenImport(ctx context.Context, cell string, m controlplane.Migration, r controlplane.ImportRequest) (status controlplane.ImportStatus, err error) {
	source, err := c.cells.Get(ctx, r.Source)
	if err != nil {
		return status, err
	}
	ticket := cellapi.Ticket{Tenant: m.TenantID, Migration: m.ID, Source: r.Source, Target: cell, Expires: c.clock().Add(ticketLife).UTC()}
	in := struct {
		Slug           tenancy.Slug            `json:"slug"`
		Plan           string                  `json:"plan"`
		Epoch          uint64                  `json:"epoch"`
		SourceURL      string                  `json:"source_url"`
		Ticket         string                  `json:"ticket"`
		BytesPerSecond int64                   `json:"bytes_per_second"`
		Mode           controlplane.ImportMode `json:"mode"`
	}{r.Slug, r.Plan, r.Epoch, source.InternalEndpoint, ticket.Mint(cellapi.DeriveKey(c.master, r.Source)), r.BytesPerSecond, r.Mode}
	err = c.call(ctx, slowTimeout, cell, http.MethodPut, importPath(m), in, &status)
	return status, err
}

// Import says how an import stands.
func (c *Client) Import(ctx context.Context, cell string, m controlplane.Migration) (status controlplane.ImportStatus, err error) {
	err = c.call(ctx, callTimeout, cell, http.MethodGet, importPath(m), nil, &status)
	return status, err
}

// ChangeImport pauses an import or lets it go on, and sets its rate.
func (c *Client) ChangeImport(ctx context.Context, cell string, m controlplane.Migration, paused bool, bytesPerSecond int64) error {
	in := struct {
		Paused         bool  `json:"paused"`
		BytesPerSecond int64 `json:"bytes_per_second"`
	}{paused, bytesPerSecond}
	return c.send(ctx, callTimeout, cell, http.MethodPatch, importPath(m), mergePatch, in, nil)
}

// Verify has the cell compare what it has with the source, at one position: all, or
// what changed since the last time.
func (c *Client) Verify(ctx context.Context, cell string, m controlplane.Migration, changed bool) (result controlplane.VerificationResult, err error) {
	path := importPath(m) + "/verify"
	if changed {
		path += "?scope=changed"
	}
	err = c.call(ctx, verifyTimeout, cell, http.MethodPost, path, nil, &result)
	return result, err
}

// Drain waits until the cell has stored everything before a position.
func (c *Client) Drain(ctx context.Context, cell string, m controlplane.Migration, position string, limit time.Duration, recheck bool) (drained controlplane.Drained, err error) {
	in := struct {
		Position string `json:"position"`
		Millis   int64  `json:"timeout_ms"`
		Recheck  bool   `json:"recheck"`
	}{position, max(1, limit.Milliseconds()), recheck}
	err = c.call(ctx, limit+drainSlack, cell, http.MethodPost, importPath(m)+"/drain", in, &drained)
	return drained, err
}

// ActivateImport opens the cell to the tenant.
func (c *Client) ActivateImport(ctx context.Context, cell string, m controlplane.Migration, epoch uint64) error {
	in := struct {
		Epoch uint64 `json:"epoch"`
	}{epoch}
	return c.call(ctx, callTimeout, cell, http.MethodPost, importPath(m)+"/activate", in, nil)
}

// CloseImport ends an import, with what it brought unless it was opened.
func (c *Client) CloseImport(ctx context.Context, cell string, m controlplane.Migration) error {
	return c.call(ctx, slowTimeout, cell, http.MethodDelete, importPath(m), nil, nil)
}
