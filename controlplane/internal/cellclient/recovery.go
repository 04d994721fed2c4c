package cellclient

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// archiveTimeout bounds the way of one archive into a cell.
const archiveTimeout = 6 * time.Hour

const standingPath = "/internal/v1/standing"

// DatabaseStanding returns which history the cell's database has.
func (c *Client) DatabaseStanding(ctx context.Context, cell string) (s controlplane.DatabaseStanding, err error) {
	err = c.call(ctx, callTimeout, cell, http.MethodGet, standingPath, nil, &s)
	return s, err
}

// Trust has the cell serve from its database, which must be the given one.
func (c *Client) Trust(ctx context.Context, cell string, i controlplane.Incarnation) error {
	return c.call(ctx, batchTimeout, cell, http.MethodPut, standingPath, i, nil)
}

// ReconcileFences has the cell change fences, and returns for each an error or nil.
func (c *Client) ReconcileFences(ctx context.Context, cell string, orders []controlplane.FenceOrder) ([]error, error) {
	in := struct {
		Fences []controlplane.FenceOrder `json:"fences"`
	}{orders}
	var out struct {
		Results []struct {
			TenantID tenancy.ID `json:"tenant_id"`
			Done     bool       `json:"done"`
			Problem  string     `json:"problem"`
		} `json:"results"`
	}
	if err := c.call(ctx, batchTimeout, cell, http.MethodPost, standingPath+"/fences", in, &out); err != nil {
		return nil, err
	}
	outcomes := make([]error, len(orders))
	for i := range orders {
		switch {
		case i >= len(out.Results) || out.Results[i].TenantID != orders[i].TenantID:
			outcomes[i] = fault.New(fault.Unavailable, "the cell did not say what became of it")
		case !out.Results[i].Done:
			outcomes[i] = fault.New(fault.Conflict, "%s", out.Results[i].Problem)
		}
	}
	return outcomes, nil
}

// Inventory returns a page of what the cell has, behind a tenant; next is zero on
// the last one.
func (c *Client) Inventory(ctx context.Context, cell string, after tenancy.ID, limit int) (lines []controlplane.Residence, next tenancy.ID, err error) {
	path := tenantsPath + "?limit=" + strconv.Itoa(limit)
	if !after.IsZero() {
		path += "&after=" + after.String()
	}
	var out struct {
		Tenants []controlplane.Residence `json:"tenants"`
		Next    tenancy.ID               `json:"next"`
	}
	err = c.call(ctx, batchTimeout, cell, http.MethodGet, path, nil, &out)
	return out.Tenants, out.Next, err
}

// Replace has the cell put an archive in the place of what it has of the tenant,
// under the epoch, and returns how many rows came. Trusted are public keys of
// cells, besides its own.
func (c *Client) Replace(ctx context.Context, cell string, id tenancy.ID, epoch uint64, trusted []string, archive io.Reader) (rows int64, err error) {
	query := url.Values{"epoch": {strconv.FormatUint(epoch, 10)}, "replace": {"true"}, "trusted": trusted}
	if len(trusted) == 0 {
		query.Del("trusted")
	}
	var out struct {
		Rows int64 `json:"rows"`
	}
	err = c.send(ctx, archiveTimeout, cell, http.MethodPut, tenantPath(id)+"/archive?"+query.Encode(), ndjson, archive, &out)
	return out.Rows, err
}
