package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/tenancy"
)

// VerifyOptions is what `cell audit verify` needs to know.
type VerifyOptions struct {
	Tenant      string
	DatabaseURL string // secret; role cell_app
	ControlKey  []byte // secret; 32 bytes
	Anchor      []byte // a checkpoint as the API shows it; nil: none
}

// VerifyAudit verifies a tenant's audit log and writes what it found. It
// returns false if that is anything but an intact log; its error means that it
// could not verify.
func VerifyAudit(ctx context.Context, opts VerifyOptions, out io.Writer) (bool, error) {
	c := &complaints{}
	tenant, err := tenancy.ParseID(opts.Tenant)
	c.unless(err == nil, "--tenant: use the tenant's id")
	c.secret("CELL_DATABASE_URL", opts.DatabaseURL, "the postgres:// URL of the role cell_app")
	c.unless(len(opts.ControlKey) == KeyBytes, "CELL_CONTROL_KEY: set it to %d bytes in hex, as the cell's API has it", KeyBytes)
	if err := c.err(); err != nil {
		return false, err
	}
	anchor, err := parseAnchor(tenant, opts.Anchor)
	if err != nil {
		return false, err
	}
	store, err := citus.OpenStore(ctx, opts.DatabaseURL, 1)
	if err != nil {
		return false, err
	}
	defer store.Close()
	call := &cell.Call{Tenant: tenant, System: true, RequestID: "audit-verify"}
	report, err := chain.Verify(ctx, store.ReadChain(call), chain.Options{
		PublicKey: chain.NewSigner("", opts.ControlKey, time.Now).PublicKey(), Anchor: anchor,
	})
	if err != nil {
		return false, err
	}
	return report.Intact(), printReport(out, tenant, report, anchor)
}

func printReport(out io.Writer, tenant tenancy.ID, r chain.Report, anchor *cell.Checkpoint) error {
	verdict := "intact"
	if !r.Intact() {
		verdict = "NOT INTACT"
	}
	text := fmt.Sprintf("Audit log of tenant %s: %s\n\n  entries in the chain   %d\n  entries not yet sealed %d\n  checkpoints            %d\n  signed by this cell to %d\n",
		tenant, verdict, r.Rows, r.Pending, r.Checkpoints, r.SignedTo)
	if r.Last.No > 0 {
		text += fmt.Sprintf("  last checkpoint        number %d at place %d, %s, by %s\n", r.Last.No, r.Last.Seq, r.Last.SignedAt.UTC().Format(time.RFC3339), r.Last.Cell)
	}
	if r.Horizon.Drawn() {
		text += fmt.Sprintf("  begins behind          place %d: what was older than %s is kept no longer; signed by %s, %s\n", r.Horizon.Base.Seq,
			r.Horizon.Before.UTC().Format(time.RFC3339), r.Horizon.Cell, r.Horizon.SignedAt.UTC().Format(time.RFC3339))
	}
	if anchor != nil {
		text += fmt.Sprintf("  anchor                 number %d at place %d, by %s\n", anchor.No, anchor.Seq, anchor.Cell)
	}
	if len(r.Findings) > 0 {
		text += "\n"
	}
	for _, f := range r.Findings {
		text += fmt.Sprintf("  %-18s %s", f.Kind, f.Text)
		if f.AuditID != uuid.Nil {
			text += " (entry " + f.AuditID.String() + ")"
		}
		text += "\n"
	}
	if len(r.Findings) == chain.MaxFindings {
		text += "  … and perhaps more\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

// parseAnchor reads a checkpoint as the API shows it, alone or within the
// answer of a verification.
func parseAnchor(tenant tenancy.ID, text []byte) (*cell.Checkpoint, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // none was given
	}
	var whole struct {
		api.AuditCheckpoint
		Last *api.AuditCheckpoint `json:"last_checkpoint"`
	}
	refused := errors.New("--anchor: not a checkpoint as GET /v1/audit-log/verification shows it")
	if json.Unmarshal(text, &whole) != nil {
		return nil, refused
	}
	shown := whole.AuditCheckpoint
	if whole.Last != nil {
		shown = *whole.Last
	}
	c := &cell.Checkpoint{Tenant: tenant, No: shown.No, Seq: shown.Seq, Cell: shown.Cell, SignedAt: shown.SignedAt}
	good := unhex(c.Hash[:], shown.Hash) && unhex(c.Previous[:], shown.Previous)
	var keyErr, signatureErr error
	c.PublicKey, keyErr = hex.DecodeString(shown.PublicKey)
	c.Signature, signatureErr = hex.DecodeString(shown.Signature)
	switch {
	case !good || keyErr != nil || signatureErr != nil || c.No < 1:
		return nil, refused
	case !c.Genuine():
		return nil, errors.New("--anchor: the checkpoint's signature is not good for this tenant")
	}
	return c, nil
}

func unhex(into []byte, text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && copy(into, raw) == len(into) && len(raw) == len(into)
}
