package cellclient

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/coditect/platform/controlplane"
)

// LateUsage returns some of what the cell had counted of tenants that have left.
func (c *Client) LateUsage(ctx context.Context, cell string, limit int) ([]controlplane.LateUsage, error) {
	var out struct {
		Items []controlplane.LateUsage `json:"items"`
	}
	err := c.call(ctx, callTimeout, cell, http.MethodGet, "/internal/v1/late-usage?limit="+strconv.Itoa(limit), nil, &out)
	return out.Items, err
}

func lateUsagePath(u controlplane.LateUsage) string {
	return tenantPath(u.Tenant) + "/late-usage/" + u.Batch.String()
}

// RecordLateUsage has the cell where the tenant lives record it, once.
func (c *Client) RecordLateUsage(ctx context.Context, cell string, u controlplane.LateUsage) error {
	in := struct {
		Items json.RawMessage `json:"items"`
	}{u.Items}
	return c.call(ctx, callTimeout, cell, http.MethodPut, lateUsagePath(u), in, nil)
}

// ForgetLateUsage tells the cell that counted it that it is recorded.
func (c *Client) ForgetLateUsage(ctx context.Context, cell string, u controlplane.LateUsage) error {
	return c.call(ctx, callTimeout, cell, http.MethodDelete, lateUsagePath(u), nil, nil)
}
