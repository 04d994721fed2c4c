package cellclient

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// UserSets returns tenants of a cell whose users who may sign in have changed
// since (zero: all tenants), in the order of ids, behind one of them.
func (c *Client) UserSets(ctx context.Context, cell string, since time.Time, after tenancy.ID, limit int) ([]controlplane.UserSet, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	if !after.IsZero() {
		query.Set("after", after.String())
	}
	var out struct {
		Items []struct {
			TenantID  tenancy.ID `json:"tenant_id"`
			Epoch     uint64     `json:"epoch"`
			Version   int64      `json:"version"`
			ChangedAt time.Time  `json:"changed_at"`
		} `json:"items"`
	}
	if err := c.call(ctx, batchTimeout, cell, http.MethodGet, "/internal/v1/user-sets?"+query.Encode(), nil, &out); err != nil {
		return nil, err
	}
	sets := make([]controlplane.UserSet, len(out.Items))
	for i, item := range out.Items {
		sets[i] = controlplane.UserSet{Tenant: item.TenantID, Epoch: item.Epoch, Version: item.Version, ChangedAt: item.ChangedAt}
	}
	return sets, nil
}

// UserHashes returns a page of a tenant's users who may sign in, behind one of
// them, as hashes under the key, and the set as which they are at least.
func (c *Client) UserHashes(ctx context.Context, cell string, tenant tenancy.ID, key []byte, after uuid.UUID, limit int) (controlplane.UserSet, []controlplane.UserHash, error) {
	in := struct {
		Key   string     `json:"key"`
		After *uuid.UUID `json:"after,omitempty"`
		Limit int        `json:"limit"`
	}{Key: hex.EncodeToString(key), Limit: limit}
	if after != uuid.Nil {
		in.After = &after
	}
	var out struct {
		Epoch   uint64 `json:"epoch"`
		Version int64  `json:"version"`
		Items   []struct {
			UserID uuid.UUID `json:"user_id"`
			Hash   string    `json:"hash"`
		} `json:"items"`
	}
	if err := c.call(ctx, batchTimeout, cell, http.MethodPost, tenantPath(tenant)+"/addresses", in, &out); err != nil {
		return controlplane.UserSet{}, nil, err
	}
	users := make([]controlplane.UserHash, len(out.Items))
	for i, item := range out.Items {
		users[i].UserID = item.UserID
		hash, err := hex.DecodeString(item.Hash)
		if err != nil || copy(users[i].Email[:], hash) != len(users[i].Email) || len(hash) != len(users[i].Email) {
			return controlplane.UserSet{}, nil, fault.New(fault.Unavailable, "the cell %s sent what is no hash", cell)
		}
	}
	return controlplane.UserSet{Tenant: tenant, Epoch: out.Epoch, Version: out.Version}, users, nil
}
