package fakecell

import (
	"encoding/json"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// meter is what the cell has counted: late is of tenants that have left, recorded
// of those that live here, by batch.
type meter struct {
	late     []controlplane.LateUsage
	recorded map[string]string
}

// CountLate has the cell have counted something of a tenant that has left.
func (c *Cell) CountLate(u controlplane.LateUsage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = append(c.late, u)
}

// Counted returns how many batches wait here, and what is recorded here.
func (c *Cell) Counted() (late int, recorded map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	recorded = map[string]string{}
	for batch, items := range c.recorded {
		recorded[batch] = items
	}
	return len(c.late), recorded
}

// SetState changes a tenant's fence, as by itself.
func (c *Cell) SetState(id tenancy.ID, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.held[id]
	r.State = state
	c.held[id] = r
}

func (c *Cell) usageRoutes(r *mux.Router) {
	const batch = "/internal/v1/tenants/{id}/late-usage/{batch}"
	r.HandleFunc("/internal/v1/late-usage", c.handle(func(*http.Request) (any, error) { return map[string]any{"items": c.late}, nil })).Methods(http.MethodGet)
	r.HandleFunc(batch, c.handle(c.recordLate)).Methods(http.MethodPut)
	r.HandleFunc(batch, c.handle(c.forgetLate)).Methods(http.MethodDelete)
}

func (c *Cell) recordLate(r *http.Request) (any, error) {
	_, held, err := c.tenant(r)
	if err != nil || held.State != Live {
		return nil, fault.New(fault.Unavailable, "the tenant may not be written to")
	}
	var in struct{ Items json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, fault.Wrap(err, fault.Malformed, "not understood")
	}
	if c.recorded == nil {
		c.recorded = map[string]string{}
	}
	c.recorded[mux.Vars(r)["batch"]] = string(in.Items)
	return nil, nil
}

func (c *Cell) forgetLate(r *http.Request) (any, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	if err != nil {
		return nil, err
	}
	for i, u := range c.late {
		if u.Tenant == id && u.Batch.String() == mux.Vars(r)["batch"] {
			c.late = append(c.late[:i:i], c.late[i+1:]...)
			break
		}
	}
	return nil, nil
}
