package fakecell

import (
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// Use has the cell record that a tenant used something.
func (c *Cell) Use(id tenancy.ID, metric string, quantity int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == nil {
		c.used = map[controlplane.UsageHead][]controlplane.UsageRow{}
	}
	at := controlplane.UsageHead{Tenant: id, Epoch: max(1, c.held[id].Epoch)}
	c.used[at] = append(c.used[at], controlplane.UsageRow{Sequence: int64(len(c.used[at])) + 1, Metric: metric, Quantity: quantity})
}

func (c *Cell) recordRoutes(r *mux.Router) {
	r.HandleFunc("/internal/v1/usage", c.handle(c.usageHeads)).Methods(http.MethodGet)
	r.HandleFunc("/internal/v1/tenants/{id}/usage", c.handle(c.usageRows)).Methods(http.MethodGet)
}

func (c *Cell) usageHeads(*http.Request) (any, error) {
	items := []map[string]any{}
	for at, rows := range c.used {
		items = append(items, map[string]any{"tenant_id": at.Tenant, "epoch": at.Epoch, "sequence": len(rows)})
	}
	return map[string]any{"items": items}, nil
}

func (c *Cell) usageRows(r *http.Request) (any, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	if err != nil {
		return nil, err
	}
	epoch, err := strconv.ParseUint(r.FormValue("epoch"), 10, 64)
	if err != nil {
		return nil, err
	}
	after, err := strconv.Atoi(r.FormValue("after"))
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, row := range c.used[controlplane.UsageHead{Tenant: id, Epoch: epoch}] {
		if row.Sequence > int64(after) {
			items = append(items, map[string]any{"sequence": row.Sequence, "metric": row.Metric, "quantity": row.Quantity, "day": "2026-03-01", "recorded_at": "2026-03-01T00:00:00Z"})
		}
	}
	return map[string]any{"items": items}, nil
}
