package fakecell

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// people are a tenant's users who may sign in, by id.
type people struct {
	version int64
	changed time.Time
	emails  map[uuid.UUID]string
}

// SetUser gives a tenant a user with an e-mail address, or, with "", takes it
// away.
func (c *Cell) SetUser(tenant tenancy.ID, user uuid.UUID, email string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users == nil {
		c.users = map[tenancy.ID]people{}
	}
	p := c.users[tenant]
	if p.emails == nil {
		p.emails = map[uuid.UUID]string{}
	}
	p.emails[user] = email
	if email == "" {
		delete(p.emails, user)
	}
	p.version, p.changed = p.version+1, time.Now()
	c.users[tenant] = p
}

// MoveUsers has another cell hold what this one holds of a tenant's users.
func (c *Cell) MoveUsers(to *Cell, tenant tenancy.ID) {
	c.mu.Lock()
	p := c.users[tenant]
	delete(c.users, tenant)
	c.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	if to.users == nil {
		to.users = map[tenancy.ID]people{}
	}
	to.users[tenant] = p
}

func (c *Cell) userRoutes(r *mux.Router) {
	r.HandleFunc("/internal/v1/user-sets", c.handle(c.userSets)).Methods(http.MethodGet)
	r.HandleFunc("/internal/v1/tenants/{id}/addresses", c.handle(c.addresses)).Methods(http.MethodPost)
}

func (c *Cell) userSets(r *http.Request) (any, error) {
	since, _ := time.Parse(time.RFC3339Nano, r.FormValue("since"))
	items := []map[string]any{}
	for id, p := range c.users {
		changed := p.changed
		if held := c.held[id]; held.arrived.After(changed) {
			changed = held.arrived
		}
		if changed.Before(since) || id.String() <= r.FormValue("after") {
			continue
		}
		items = append(items, map[string]any{"tenant_id": id, "epoch": max(1, c.held[id].Epoch), "version": p.version, "changed_at": changed})
	}
	slices.SortFunc(items, func(a, b map[string]any) int {
		return strings.Compare(a["tenant_id"].(tenancy.ID).String(), b["tenant_id"].(tenancy.ID).String())
	})
	return map[string]any{"items": items}, nil
}

func (c *Cell) addresses(r *http.Request) (any, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	if err != nil {
		return nil, err
	}
	p, there := c.users[id]
	if !there {
		return nil, fault.New(fault.NotFound, "the tenant is not here")
	}
	var in struct {
		Key   string
		After uuid.UUID
		Limit int
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(in.Key)
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for user, email := range p.emails {
		if hash := cellapi.EmailHash(key, email); user.String() > in.After.String() {
			items = append(items, map[string]any{"user_id": user, "hash": hex.EncodeToString(hash[:])})
		}
	}
	slices.SortFunc(items, func(a, b map[string]any) int {
		return strings.Compare(a["user_id"].(uuid.UUID).String(), b["user_id"].(uuid.UUID).String())
	})
	return map[string]any{"epoch": max(1, c.held[id].Epoch), "version": p.version, "items": items[:min(in.Limit, len(items))]}, nil
}

// Arrive has the cell hold a live tenant at an epoch from now on.
func (c *Cell) Arrive(id tenancy.ID, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[id] = Resident{State: Live, Epoch: epoch, arrived: time.Now()}
}
