package cellclient

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const tenantsPath = "/internal/v1/tenants"

// residentJSON is a tenant as the cell's internal API takes it.
type residentJSON struct {
	TenantID     *tenancy.ID      `json:"tenant_id,omitempty"` // in a batch; else it stands in the path
	Slug         tenancy.Slug     `json:"slug"`
	Epoch        uint64           `json:"epoch"`
	Plan         string           `json:"plan"`
	Organization organizationJSON `json:"organization"`
	Owner        ownerJSON        `json:"owner"`
	OwnerKeyHash string           `json:"owner_key_hash"`
}

type organizationJSON struct {
	Name string `json:"name"`
}

type ownerJSON struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func toJSON(r controlplane.Resident) residentJSON {
	return residentJSON{
		Slug: r.Slug, Epoch: r.Epoch, Plan: r.Plan, Organization: organizationJSON{r.Organization},
		Owner: ownerJSON{r.Owner.Name, r.Owner.Email}, OwnerKeyHash: hex.EncodeToString(r.OwnerKeyHash[:]),
	}
}

// Prepare has the cell make a tenant's rows; the tenant is not served yet.
func (c *Client) Prepare(ctx context.Context, cell string, r controlplane.Resident) error {
	return c.call(ctx, callTimeout, cell, http.MethodPut, tenantsPath+"/"+r.TenantID.String(), toJSON(r), nil)
}

// Activate has the cell serve a prepared tenant.
func (c *Client) Activate(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error {
	body := struct {
		Epoch uint64 `json:"epoch"`
	}{epoch}
	return c.call(ctx, callTimeout, cell, http.MethodPost, tenantsPath+"/"+id.String()+"/activate", body, nil)
}

// SetPlan tells the tenant's cell its plan, and whether the tenant is held. What the cell knows of a later version
// of the directory stays.
func (c *Client) SetPlan(ctx context.Context, t controlplane.Tenant) error {
	body := struct {
		Epoch   uint64 `json:"epoch"`
		Plan    string `json:"plan"`
		Held    bool   `json:"held"`
		Version uint64 `json:"version"`
	}{t.Epoch, t.Plan, t.Held(), t.Version}
	return c.call(ctx, callTimeout, t.Cell, http.MethodPut, tenantsPath+"/"+t.TenantID.String()+"/plan", body, nil)
}

// Remove has the cell forget a tenant. A fault (conflict) means that the cell
// holds the tenant with a later epoch.
func (c *Client) Remove(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error {
	path := tenantsPath + "/" + id.String() + "?epoch=" + strconv.FormatUint(epoch, 10)
	return c.call(ctx, callTimeout, cell, http.MethodDelete, path, nil, nil)
}

type batchAnswer struct {
	Results []struct {
		TenantID tenancy.ID `json:"tenant_id"`
		State    string     `json:"state"`
		Error    any        `json:"error"` // text or a problem document
	} `json:"results"`
}

// CreateBatch has the cell make tenants, live at once, and returns for each an
// error or nil.
func (c *Client) CreateBatch(ctx context.Context, cell string, residents []controlplane.Resident) ([]error, error) {
	in := struct {
		Tenants []residentJSON `json:"tenants"`
	}{make([]residentJSON, len(residents))}
	for i, r := range residents {
		in.Tenants[i] = toJSON(r)
		in.Tenants[i].TenantID = &r.TenantID
	}
	var out batchAnswer
	if err := c.call(ctx, batchTimeout, cell, http.MethodPost, tenantsPath+"/batch", in, &out); err != nil {
		return nil, err
	}
	failures := make(map[tenancy.ID]error, len(out.Results))
	for _, r := range out.Results {
		failures[r.TenantID] = nil
		if r.Error != nil && r.Error != "" {
			failures[r.TenantID] = fault.New(fault.Conflict, "%s", fmt.Sprint(r.Error))
		}
	}
	refusals := make([]error, len(residents))
	for i, r := range residents {
		err, answered := failures[r.TenantID]
		if !answered {
			err = fault.New(fault.Unavailable, "the cell did not say what became of the tenant")
		}
		refusals[i] = err
	}
	return refusals, nil
}

// UsageHeads returns how far tenants' usage has come in a cell, behind one of
// them.
func (c *Client) UsageHeads(ctx context.Context, cell string, after controlplane.UsageHead, limit int) ([]controlplane.UsageHead, error) {
	query := "?limit=" + strconv.Itoa(limit)
	if !after.Tenant.IsZero() {
		query += "&after=" + after.Tenant.String() + "&after_epoch=" + strconv.FormatUint(after.Epoch, 10)
	}
	var out struct {
		Items []struct {
			TenantID tenancy.ID `json:"tenant_id"`
			Epoch    uint64     `json:"epoch"`
			Sequence int64      `json:"sequence"`
		} `json:"items"`
	}
	if err := c.call(ctx, batchTimeout, cell, http.MethodGet, "/internal/v1/usage"+query, nil, &out); err != nil {
		return nil, err
	}
	heads := make([]controlplane.UsageHead, len(out.Items))
	for i, h := range out.Items {
		heads[i] = controlplane.UsageHead{Tenant: h.TenantID, Epoch: h.Epoch, Sequence: h.Sequence}
	}
	return heads, nil
}

// UsageRows returns a tenant's records of one epoch behind a number, in order.
func (c *Client) UsageRows(ctx context.Context, cell string, after controlplane.UsageHead, limit int) ([]controlplane.UsageRow, error) {
	path := fmt.Sprintf("%s/%s/usage?epoch=%d&after=%d&limit=%d", tenantsPath, after.Tenant, after.Epoch, after.Sequence, limit)
	var out struct {
		Items []struct {
			Sequence int64  `json:"sequence"`
			Metric   string `json:"metric"`
			Quantity int64  `json:"quantity"`
		} `json:"items"`
	}
	if err := c.call(ctx, batchTimeout, cell, http.MethodGet, path, nil, &out); err != nil {
		return nil, err
	}
	rows := make([]controlplane.UsageRow, len(out.Items))
	for i, r := range out.Items {
		rows[i] = controlplane.UsageRow{Sequence: r.Sequence, Metric: r.Metric, Quantity: r.Quantity}
	}
	return rows, nil
}
