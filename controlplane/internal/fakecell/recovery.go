package fakecell

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// recovering is what a cell has of a restored database.
type recovering struct{ found, trusted int64 }

// Restore puts the cell back to what it was, as from a backup: it serves nobody.
func (c *Cell) Restore(held map[tenancy.ID]Resident) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = map[tenancy.ID]Resident{}
	for id, r := range held {
		c.held[id] = r
	}
	c.timelines.found = max(c.timelines.found, 1) + 1
}

// Serving reports that the cell trusts its database.
func (c *Cell) Serving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timelines.found == c.timelines.trusted
}

// Put has the cell hold a tenant.
func (c *Cell) Put(id tenancy.ID, r Resident) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[id] = r
}

func (c *Cell) recoveryRoutes(r *mux.Router) {
	r.HandleFunc("/internal/v1/standing", c.handle(c.standing)).Methods(http.MethodGet)
	r.HandleFunc("/internal/v1/standing", c.handle(c.trust)).Methods(http.MethodPut)
	r.HandleFunc("/internal/v1/standing/fences", c.handle(c.reconcile)).Methods(http.MethodPost)
	r.HandleFunc("/internal/v1/tenants", c.handle(c.inventory)).Methods(http.MethodGet)
	r.HandleFunc("/internal/v1/tenants/{id}/archive", c.handle(c.replace)).Methods(http.MethodPut)
}

func (c *Cell) standing(*http.Request) (any, error) {
	return controlplane.DatabaseStanding{
		Serving: c.timelines.found == c.timelines.trusted,
		Found:   controlplane.Incarnation{SystemID: "7", Timeline: c.timelines.found}, Trusted: controlplane.Incarnation{SystemID: "7", Timeline: c.timelines.trusted},
	}, nil
}

func (c *Cell) trust(r *http.Request) (any, error) {
	var in controlplane.Incarnation
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, fault.Wrap(err, fault.Malformed, "not JSON")
	}
	if in.Timeline != c.timelines.found {
		return nil, fault.New(fault.Conflict, "another database")
	}
	c.timelines.trusted = in.Timeline
	return nil, nil
}

func (c *Cell) reconcile(r *http.Request) (any, error) {
	var in struct {
		Fences []controlplane.FenceOrder `json:"fences"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, fault.Wrap(err, fault.Malformed, "not JSON")
	}
	results := make([]map[string]any, len(in.Fences))
	for i, o := range in.Fences {
		results[i] = map[string]any{"tenant_id": o.TenantID, "done": true}
		held, there := c.held[o.TenantID]
		if !there || held.State != o.State || held.Epoch != o.Epoch {
			results[i]["done"], results[i]["problem"] = false, "it is not as it was found"
			continue
		}
		switch o.Action {
		case controlplane.FenceDepart:
			held.State, held.MovedTo, held.MovedEpoch = Departed, o.Cell, o.ToEpoch
		case controlplane.FenceOpen:
			held.State = Live
		case controlplane.FenceClose:
			held.State, held.Epoch = Importing, o.ToEpoch
		case controlplane.FenceRemove:
			delete(c.held, o.TenantID)
			continue
		}
		c.held[o.TenantID] = held
	}
	return map[string]any{"results": results}, nil
}

func (c *Cell) inventory(r *http.Request) (any, error) {
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "not a number")
	}
	var ids []tenancy.ID
	for id := range c.held {
		if id.String() > r.FormValue("after") {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b tenancy.ID) int { return bytes.Compare(a[:], b[:]) })
	out := map[string]any{}
	if len(ids) > limit {
		ids = ids[:limit]
		out["next"] = ids[limit-1]
	}
	lines := make([]controlplane.Residence, len(ids))
	for i, id := range ids {
		held := c.held[id]
		lines[i] = controlplane.Residence{
			TenantID: id, State: held.State, Epoch: held.Epoch, MovedTo: held.MovedTo, MovedEpoch: held.MovedEpoch,
			Slug: tenancy.Slug(held.Slug), Plan: held.Plan, Held: &held.Held, Organization: "Org " + held.Slug,
		}
	}
	out["tenants"] = lines
	return out, nil
}

// replace takes any body for an archive; its length is the number of rows.
func (c *Cell) replace(r *http.Request) (any, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	if err != nil {
		return nil, err
	}
	epoch, err := strconv.ParseUint(r.FormValue("epoch"), 10, 64)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	held := c.held[id]
	if len(body) == 0 || held.Epoch > epoch {
		return nil, fault.New(fault.Conflict, "not an archive, or held with a later epoch")
	}
	held.State, held.Epoch = Live, epoch
	c.held[id] = held
	return map[string]any{"export_id": id, "rows": len(body), "tables": []any{}}, nil
}
