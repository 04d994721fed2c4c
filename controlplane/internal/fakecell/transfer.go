package fakecell

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Info is what the cell says of itself as a party of migrations.
type Info struct {
	Cell             string   `json:"cell"`
	SchemaVersion    int64    `json:"schema_version"`
	Tables           []table  `json:"tables"`
	Problems         []string `json:"problems,omitempty"`
	RebalanceRunning bool     `json:"rebalance_running"`
}

type table struct {
	Name  string `json:"name"`
	Class string `json:"class"`
}

// transfers is the cell's part in migrations. A position is the number of
// writes that the source had committed.
type transfers struct {
	info    Info
	differ  bool   // verifications find a difference
	broken  string // imports fail with this
	exports map[string]bool
	imports map[string]*transfer
	ended   map[string]bool
	peers   map[string]*Cell
}

// transfer is one import.
type transfer struct {
	source  string
	epoch   uint64
	follow  bool
	looks   int // each look at a copy finds it a step further
	applied int
	paused  bool
	rate    int64
	opened  bool // the tenant lives here; its last files come with the second look
}

func newTransfers(id string) transfers {
	return transfers{
		info:    Info{Cell: id, SchemaVersion: 12, Tables: []table{{"organizations", "tenant"}, {"users", "tenant"}, {"tenants", "fence"}}},
		exports: map[string]bool{}, imports: map[string]*transfer{}, ended: map[string]bool{}, peers: map[string]*Cell{},
	}
}

// Connect lets cells read from one another. Call it before they are used.
func Connect(cells ...*Cell) {
	shared := &sync.Mutex{}
	for _, c := range cells {
		c.mu = shared
		for _, o := range cells {
			c.peers[o.ID] = o
		}
	}
}

// Describe changes what the cell says of itself.
func (c *Cell) Describe(change func(*Info)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.info)
}

// Differ lets verifications find a difference, or not any more.
func (c *Cell) Differ(differ bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.differ = differ
}

// BreakImports lets the cell's imports fail; "" heals them.
func (c *Cell) BreakImports(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = why
}

// Admit puts a live tenant into the cell.
func (c *Cell) Admit(id tenancy.ID, slug string, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[id] = Resident{State: Live, Epoch: epoch, Slug: slug, Rows: true}
}

// Write commits a write, if the tenant is live here, and returns how many
// there are.
func (c *Cell) Write(id tenancy.ID) (writes int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.held[id]
	if r.State != Live {
		return 0, false
	}
	r.Writes++
	c.held[id] = r
	return r.Writes, true
}

// Expire ends a freeze as its timer would, and reports whether there was one.
func (c *Cell) Expire(id tenancy.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.held[id]
	if r.State != Frozen {
		return false
	}
	r.State = Live
	c.held[id] = r
	return true
}

// Open says how many exports and imports there are.
func (c *Cell) Open() (exports, imports int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.exports), len(c.imports)
}

// thawDue is the cell's own timer; it ticks whenever a request comes.
func (c *Cell) thawDue(now time.Time) {
	for id, r := range c.held {
		if r.State == Frozen && now.After(r.freezeEnd) {
			r.State = Live
			c.held[id] = r
		}
	}
}

func (c *Cell) transferRoutes(r *mux.Router) {
	const tenant = "/internal/v1/tenants/{id}"
	for _, route := range []struct {
		method, path string
		do           func(*http.Request) (any, error)
	}{
		{"DELETE", "/internal/v1/transfer/moves", c.endMoves},
		{"GET", "/internal/v1/transfer", func(*http.Request) (any, error) { return c.info, nil }},
		{"GET", tenant + "/size", c.size},
		{"POST", tenant + "/freeze", c.freeze},
		{"POST", tenant + "/seal", c.seal},
		{"POST", tenant + "/thaw", c.thaw},
		{"POST", tenant + "/depart", c.depart},
		{"POST", tenant + "/cleanup", c.cleanUp},
		{"PUT", tenant + "/exports/{m}", c.openExport},
		{"DELETE", tenant + "/exports/{m}", c.closeExport},
		{"PUT", tenant + "/imports/{m}", c.openImport},
		{"GET", tenant + "/imports/{m}", c.lookAtImport},
		{"PATCH", tenant + "/imports/{m}", c.changeImport},
		{"DELETE", tenant + "/imports/{m}", c.closeImport},
		{"POST", tenant + "/imports/{m}/verify", c.verify},
		{"POST", tenant + "/imports/{m}/drain", c.drain},
		{"POST", tenant + "/imports/{m}/activate", c.activateImport},
	} {
		r.HandleFunc(route.path, c.handle(route.do)).Methods(route.method)
	}
}

func (c *Cell) tenant(r *http.Request) (tenancy.ID, Resident, error) {
	id, err := tenancy.ParseID(mux.Vars(r)["id"])
	return id, c.held[id], err
}

// transferBody is the body of any operation here.
type transferBody struct {
	Epoch     uint64 `json:"epoch"`
	Migration string `json:"migration_id"`
	ForMillis int64  `json:"for_ms"`
	FreezeNo  uint64 `json:"freeze_no"`
	ToCell    string `json:"to_cell"`
	ToEpoch   uint64 `json:"to_epoch"`
	Reverse   bool   `json:"reverse"`
	Slug      string `json:"slug"`
	Ticket    string `json:"ticket"`
	Rate      int64  `json:"bytes_per_second"`
	Mode      string `json:"mode"`
	Paused    bool   `json:"paused"`
	Position  string `json:"position"`
}

func (c *Cell) body(r *http.Request) (id tenancy.ID, held Resident, in transferBody, err error) {
	if id, held, err = c.tenant(r); err == nil {
		err = json.NewDecoder(r.Body).Decode(&in)
	}
	if err != nil {
		err = fault.Wrap(err, fault.Malformed, "not understood")
	}
	return id, held, in, err
}

func refused(held Resident) error {
	return fault.New(fault.Conflict, "the tenant is %q here, at epoch %d", held.State, held.Epoch)
}

func position(writes int) string { return fmt.Sprintf("0/%X", writes) }

func writesAt(position string) (n int) {
	_, _ = fmt.Sscanf(strings.TrimPrefix(position, "0/"), "%X", &n)
	return n
}

func (c *Cell) size(r *http.Request) (any, error) {
	_, held, err := c.tenant(r)
	if err != nil || held.State == "" {
		return nil, fault.New(fault.NotFound, "not here")
	}
	return map[string]any{"rows": held.Writes, "bytes": 100 * held.Writes, "tables": []any{}, "slug": held.Slug, "state": held.State, "epoch": held.Epoch}, nil
}

func (c *Cell) freeze(r *http.Request) (any, error) {
	id, held, in, err := c.body(r)
	if err != nil {
		return nil, err
	}
	switch {
	case held.State == Frozen && held.frozenBy == in.Migration && held.Epoch == in.Epoch:
	case held.State == Live && held.Epoch == in.Epoch:
		held.State, held.frozenBy, held.freezeEnd = Frozen, in.Migration, time.Now().Add(time.Duration(in.ForMillis)*time.Millisecond)
		held.FreezeNo++
		c.held[id] = held
	default:
		return nil, refused(held)
	}
	return map[string]any{"freeze_no": held.FreezeNo, "position": position(held.Writes), "frozen_until": held.freezeEnd}, nil
}

func (c *Cell) seal(r *http.Request) (any, error) {
	id, held, in, err := c.body(r)
	if err != nil {
		return nil, err
	}
	if held.Epoch != in.Epoch || held.FreezeNo != in.FreezeNo || held.State != Frozen && held.State != Sealed {
		return nil, refused(held)
	}
	held.State = Sealed
	c.held[id] = held
	return stateJSON{held.State, held.Epoch}, nil
}

func (c *Cell) thaw(r *http.Request) (any, error) {
	id, held, in, err := c.body(r)
	switch {
	case err != nil:
		return nil, err
	case held.Epoch != in.Epoch || held.State == Departed || held.FreezeNo != in.FreezeNo:
		return nil, refused(held)
	case (held.State == Frozen || held.State == Sealed) && held.FreezeNo == in.FreezeNo:
		held.State = Live
		c.held[id] = held
	}
	return stateJSON{held.State, held.Epoch}, nil
}

func (c *Cell) depart(r *http.Request) (any, error) {
	id, held, in, err := c.body(r)
	switch {
	case err != nil:
		return nil, err
	case held.State == Departed && held.Epoch == in.Epoch && held.MovedTo == in.ToCell:
	case held.State == Sealed && held.Epoch == in.Epoch && held.FreezeNo == in.FreezeNo:
		held.State, held.MovedTo, held.MovedEpoch = Departed, in.ToCell, in.Epoch+1
		c.held[id] = held
	default:
		return nil, refused(held)
	}
	return stateJSON{held.State, held.Epoch}, nil
}

func (c *Cell) cleanUp(r *http.Request) (any, error) {
	id, held, in, err := c.body(r)
	if err != nil {
		return nil, err
	}
	if held.State != Departed || held.Epoch != in.Epoch || c.exports[in.Migration] || c.imports[in.Migration] != nil {
		return nil, refused(held)
	}
	held.Rows = false
	c.held[id] = held
	return map[string]any{"rows": held.Writes, "remaining": false}, nil
}

func (c *Cell) openExport(r *http.Request) (any, error) {
	_, held, in, err := c.body(r)
	if err != nil {
		return nil, err
	}
	if held.Epoch != in.Epoch || in.Reverse && held.State != Importing && held.State != Live || !in.Reverse && held.State != Live && held.State != Frozen {
		return nil, refused(held)
	}
	c.exports[mux.Vars(r)["m"]] = true
	return map[string]any{"state": "open", "position": position(held.Writes), "reverse": in.Reverse, "retained_wal_bytes": 0}, nil
}

func (c *Cell) closeExport(r *http.Request) (any, error) {
	delete(c.exports, mux.Vars(r)["m"])
	return nil, nil
}

func (c *Cell) openImport(r *http.Request) (any, error) {
	id, held, in, err := c.body(r)
	if err != nil {
		return nil, err
	}
	m := mux.Vars(r)["m"]
	source, err := c.sourceOf(in.Ticket, id, m)
	if err != nil {
		return nil, err
	}
	there, open := c.imports[m]
	follow := in.Mode == "follow"
	switch {
	case open && there.epoch == in.Epoch && there.follow == follow:
		there.rate = in.Rate
	case c.ended[m]:
		return nil, fault.New(fault.Conflict, "this import was ended")
	case follow && held.State == Departed && held.Epoch < in.Epoch:
		c.imports[m] = &transfer{source: source, epoch: in.Epoch, follow: true, applied: held.Writes, rate: in.Rate}
	case !follow && (held.State == "" || held.State == Departed && held.Epoch < in.Epoch):
		c.held[id] = Resident{State: Importing, Epoch: in.Epoch, Slug: in.Slug, Rows: true, FreezeNo: held.FreezeNo}
		c.imports[m] = &transfer{source: source, epoch: in.Epoch, rate: in.Rate}
	default:
		return nil, refused(held)
	}
	return c.importStatus(m), nil
}

// sourceOf checks the ticket as its source would.
func (c *Cell) sourceOf(ticket string, id tenancy.ID, m string) (string, error) {
	for _, peer := range c.peers {
		t, err := cellapi.OpenTicket(peer.key, ticket, time.Now())
		if err == nil && t.Tenant == id && t.Migration.String() == m && t.Source == peer.ID && t.Target == c.ID {
			return peer.ID, nil
		}
	}
	return "", fault.New(fault.Forbidden, "the ticket opens nothing")
}

// stream applies what the source has committed, if it exports.
func (c *Cell) stream(id tenancy.ID, m string) *transfer {
	in := c.imports[m]
	if source := c.peers[in.source]; source.exports[m] {
		in.applied = source.held[id].Writes
		if held := c.held[id]; held.State == Importing || in.follow && held.State == Departed {
			held.Writes = in.applied
			c.held[id] = held
		}
	}
	return in
}

func (c *Cell) importStatus(m string) map[string]any {
	in := c.imports[m]
	state := []string{"copying", "catching_up", "ready"}[min(in.looks, 2)]
	if in.follow {
		state = "ready"
	}
	if in.paused {
		state = "paused"
	}
	if in.opened {
		state = "activated"
	}
	failure := c.broken
	if failure != "" {
		state = "failed"
	}
	return map[string]any{
		"state": state, "paused": in.paused, "bytes_per_second": in.rate, "tables_done": min(in.looks, 2), "tables": 2, "rows_copied": in.applied,
		"bytes_copied": 100 * in.applied, "rows_estimate": in.applied, "bytes_estimate": 100 * in.applied, "applied_position": position(in.applied), "failure": failure,
		"files": 2, "files_here": min(in.looks, 2), "files_complete": in.opened && in.looks > 1,
	}
}

func (c *Cell) theImport(r *http.Request) (id tenancy.ID, m string, err error) {
	m = mux.Vars(r)["m"]
	id, _, err = c.tenant(r)
	if err == nil && c.imports[m] == nil {
		err = fault.New(fault.NotFound, "no such import")
	}
	return id, m, err
}

func (c *Cell) lookAtImport(r *http.Request) (any, error) {
	id, m, err := c.theImport(r)
	if err != nil {
		return nil, err
	}
	if in := c.stream(id, m); !in.paused {
		in.looks++
	}
	return c.importStatus(m), nil
}

func (c *Cell) changeImport(r *http.Request) (any, error) {
	_, _, body, err := c.body(r)
	if err != nil {
		return nil, err
	}
	_, m, err := c.theImport(r)
	if err != nil {
		return nil, err
	}
	c.imports[m].paused, c.imports[m].rate = body.Paused, body.Rate
	return c.importStatus(m), nil
}

func (c *Cell) closeImport(r *http.Request) (any, error) {
	id, held, err := c.tenant(r)
	if err != nil {
		return nil, err
	}
	m := mux.Vars(r)["m"]
	if in := c.imports[m]; in != nil && !in.opened && !in.follow && held.State == Importing && held.Epoch == in.epoch {
		delete(c.held, id)
	}
	delete(c.imports, m)
	c.ended[m] = true
	return nil, nil
}

func (c *Cell) endMoves(*http.Request) (any, error) {
	ended := map[string]any{"exports": len(c.exports), "imports": len(c.imports)}
	clear(c.exports)
	for m, in := range c.imports {
		if !in.opened {
			delete(c.imports, m)
			c.ended[m] = true
		}
	}
	for id, held := range c.held {
		if held.State == Importing {
			delete(c.held, id)
		}
	}
	return ended, nil
}

func (c *Cell) verify(r *http.Request) (any, error) {
	id, m, err := c.theImport(r)
	if err != nil {
		return nil, err
	}
	in := c.stream(id, m)
	digest := func(side string) string {
		if c.differ {
			return side
		}
		return position(in.applied)
	}
	return map[string]any{"equal": !c.differ, "position": position(in.applied), "tables": []any{map[string]any{
		"name": "users", "rows": in.applied, "source_digest": digest("source"), "target_digest": digest("target"), "equal": !c.differ,
	}}}, nil
}

func (c *Cell) drain(r *http.Request) (any, error) {
	_, _, body, err := c.body(r)
	if err != nil {
		return nil, err
	}
	id, m, err := c.theImport(r)
	if err != nil {
		return nil, err
	}
	if c.imports[m].opened {
		return nil, fault.New(fault.Conflict, "the import is over")
	}
	if in := c.stream(id, m); in.applied < writesAt(body.Position) {
		return nil, fault.New(fault.Timeout, "not applied in time")
	}
	return map[string]any{"applied_position": position(c.imports[m].applied), "rechecked_rows": 1, "equal": true}, nil
}

func (c *Cell) activateImport(r *http.Request) (any, error) {
	id, held, body, err := c.body(r)
	if err != nil {
		return nil, err
	}
	m := mux.Vars(r)["m"]
	in := c.imports[m]
	switch {
	case held.Epoch == body.Epoch && held.State != Importing && held.State != Departed: // before
	case in == nil || in.epoch != body.Epoch || held.State != Importing && held.State != Departed:
		return nil, refused(held)
	default:
		held.State, held.Epoch = Live, body.Epoch
		c.held[id] = held
		in.opened, in.looks = true, 0
	}
	return stateJSON{held.State, held.Epoch}, nil
}
