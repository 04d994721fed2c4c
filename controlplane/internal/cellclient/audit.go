package cellclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

// Checkpoints returns checkpoints of all tenants of the cell that were signed
// then or later, the oldest first.
func (c *Client) Checkpoints(ctx context.Context, cell string, since time.Time, limit int) ([]cellapi.Checkpoint, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	var page struct {
		Items []cellapi.Checkpoint `json:"items"`
	}
	err := c.call(ctx, callTimeout, cell, http.MethodGet, "/internal/v1/audit-checkpoints?"+query.Encode(), nil, &page)
	return page.Items, err
}

// VerifyAudit has the cell verify a tenant's audit log, against a checkpoint
// that was kept elsewhere unless that is nil. It reads the whole log.
func (c *Client) VerifyAudit(ctx context.Context, cell string, tenant tenancy.ID, anchor *cellapi.Checkpoint) (controlplane.AuditReport, error) {
	body := struct {
		Anchor *cellapi.Checkpoint `json:"anchor,omitempty"`
	}{anchor}
	var report controlplane.AuditReport
	err := c.call(ctx, batchTimeout, cell, http.MethodPost, tenantsPath+"/"+tenant.String()+"/audit-verification", body, &report)
	return report, err
}
