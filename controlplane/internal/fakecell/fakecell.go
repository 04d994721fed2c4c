// Package fakecell is a small cell for tests: the internal API that the control
// plane calls, with the rows in memory.
package fakecell

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// States of a tenant in the cell.
const (
	Importing = "importing"
	Live      = "live"
	Frozen    = "frozen"
	Sealed    = "sealed"
	Departed  = "departed"
)

// Resident is what the cell holds of a tenant.
type Resident struct {
	State        string
	Epoch        uint64
	Slug         string
	Plan         string
	PlanVersion  uint64
	Held         bool
	Owner        string // e-mail
	OwnerKeyHash string
	Welcomes     int // welcome mails ordered

	Writes     int    // committed
	Rows       bool   // of a departed tenant: they are still there
	FreezeNo   uint64 // of the last freeze
	MovedTo    string // once departed
	MovedEpoch uint64 // likewise
	arrived    time.Time
	frozenBy   string
	freezeEnd  time.Time
}

// Cell is a fake cell. It is safe for concurrent use.
type Cell struct {
	ID  string
	URL string

	key       []byte
	signer    *cellapi.Signer
	mu        *sync.Mutex // connected cells share one
	held      map[tenancy.ID]Resident
	used      map[controlplane.UsageHead][]controlplane.UsageRow // by tenant and epoch
	users     map[tenancy.ID]people
	fail      func(r *http.Request) error
	timelines recovering
	transfers
	meter
	auditLogs
}

// Start runs a cell until the test ends; master is the control plane's key.
func Start(t testing.TB, id string, master []byte) *Cell {
	t.Helper()
	c := New(id, master)
	server := httptest.NewServer(c.Handler())
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// New returns a cell that Handler serves.
func New(id string, master []byte) *Cell {
	key := cellapi.DeriveKey(master, id)
	return &Cell{ID: id, key: key, signer: cellapi.NewSigner(key), mu: &sync.Mutex{}, held: map[tenancy.ID]Resident{}, timelines: recovering{1, 1}, transfers: newTransfers(id)}
}

// FailWith has fail decide about each request before it is carried out; nil ends that.
func (c *Cell) FailWith(fail func(r *http.Request) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = fail
}

// Residents returns a copy of all that the cell holds.
func (c *Cell) Residents() map[tenancy.ID]Resident {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[tenancy.ID]Resident, len(c.held))
	for id, r := range c.held {
		out[id] = r
	}
	return out
}

// Handler serves the internal API.
func (c *Cell) Handler() http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/internal/v1/tenants/batch", c.handle(c.batch)).Methods(http.MethodPost)
	r.HandleFunc("/internal/v1/tenants/{id}", c.handle(c.prepare)).Methods(http.MethodPut)
	r.HandleFunc("/internal/v1/tenants/{id}", c.handle(c.remove)).Methods(http.MethodDelete)
	r.HandleFunc("/internal/v1/tenants/{id}/plan", c.handle(c.setPlan)).Methods(http.MethodPut)
	r.HandleFunc("/internal/v1/tenants/{id}/activate", c.handle(c.activate)).Methods(http.MethodPost)
	c.recoveryRoutes(r)
	c.transferRoutes(r)
	c.usageRoutes(r)
	c.recordRoutes(r)
	c.userRoutes(r)
	c.auditRoutes(r)
	return r
}

// handle checks the signature and runs one request at a time.
func (c *Cell) handle(do func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		fail := c.fail
		c.mu.Unlock()
		var out any
		err := c.signer.VerifyRequest(r, time.Now())
		if err == nil && fail != nil {
			err = fail(r) // not locked: it may wait
		}
		if err == nil {
			c.mu.Lock()
			c.thawDue(time.Now())
			out, err = do(r)
			c.mu.Unlock()
		}
		switch {
		case err != nil:
			fault.WriteProblem(w, err, "")
		case out == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(out)
		}
	}
}

type tenantJSON struct {
	TenantID     tenancy.ID `json:"tenant_id"`
	Slug         string     `json:"slug"`
	Epoch        uint64     `json:"epoch"`
	Plan         string     `json:"plan"`
	Owner        ownerJSON  `json:"owner"`
	OwnerKeyHash string     `json:"owner_key_hash"`
}

type ownerJSON struct {
	Email string `json:"email"`
}

type stateJSON struct {
	State string `json:"state"`
	Epoch uint64 `json:"epoch"`
}

func (c *Cell) prepare(r *http.Request) (any, error) {
	var in tenantJSON
	id, err := read(r, &in)
	if err != nil {
		return nil, err
	}
	there, ok := c.held[id]
	if ok && (there.Epoch != in.Epoch || there.OwnerKeyHash != in.OwnerKeyHash) {
		return nil, fault.New(fault.Conflict, "held with other content")
	}
	if !ok {
		there = Resident{State: Importing, Epoch: in.Epoch, Slug: in.Slug, Plan: in.Plan, Owner: in.Owner.Email, OwnerKeyHash: in.OwnerKeyHash}
		c.held[id] = there
	}
	return stateJSON{there.State, there.Epoch}, nil
}

func (c *Cell) activate(r *http.Request) (any, error) {
	var in struct {
		Epoch uint64 `json:"epoch"`
	}
	id, err := read(r, &in)
	if err != nil {
		return nil, err
	}
	there, ok := c.held[id]
	if !ok || there.Epoch != in.Epoch {
		return nil, fault.New(fault.Conflict, "not held with this epoch")
	}
	if there.State == Importing {
		there.State = Live
		there.Welcomes++
		c.held[id] = there
	}
	return stateJSON{there.State, there.Epoch}, nil
}

func (c *Cell) setPlan(r *http.Request) (any, error) {
	var in struct {
		Epoch   uint64 `json:"epoch"`
		Plan    string `json:"plan"`
		Held    bool   `json:"held"`
		Version uint64 `json:"version"`
	}
	id, err := read(r, &in)
	if err != nil {
		return nil, err
	}
	there, ok := c.held[id]
	if !ok || there.Epoch < in.Epoch {
		return nil, fault.New(fault.TenantMoved, "not held with this epoch")
	}
	if in.Version >= there.PlanVersion {
		there.Plan, there.Held, there.PlanVersion = in.Plan, in.Held, in.Version
		c.held[id] = there
	}
	return nil, nil
}

func (c *Cell) remove(r *http.Request) (any, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "not an id")
	}
	epoch, err := strconv.ParseUint(r.URL.Query().Get("epoch"), 10, 64)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "not an epoch")
	}
	if c.held[id].Epoch > epoch {
		return nil, fault.New(fault.Conflict, "held with a later epoch")
	}
	delete(c.held, id)
	return nil, nil
}

func (c *Cell) batch(r *http.Request) (any, error) {
	var in struct {
		Tenants []tenantJSON `json:"tenants"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, fault.Wrap(err, fault.Malformed, "not JSON")
	}
	type result struct {
		TenantID tenancy.ID `json:"tenant_id"`
		State    string     `json:"state"`
	}
	results := make([]result, len(in.Tenants))
	for i, t := range in.Tenants {
		c.held[t.TenantID] = Resident{State: Live, Epoch: t.Epoch, Slug: t.Slug, Plan: t.Plan, Owner: t.Owner.Email, OwnerKeyHash: t.OwnerKeyHash}
		results[i] = result{t.TenantID, Live}
	}
	return map[string]any{"results": results}, nil
}

func read(r *http.Request, in any) (tenancy.ID, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	if err == nil {
		err = json.NewDecoder(r.Body).Decode(in)
	}
	if err != nil {
		return id, fault.Wrap(err, fault.Malformed, "not understood")
	}
	return id, nil
}
