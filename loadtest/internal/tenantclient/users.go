package tenantclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Load is how much a tenant's users do. Requests begin at their time, whether
// or not earlier ones were answered.
type Load struct {
	Registers int // at least one
	Writes    int // to registers, a second
	Reads     int // of registers, a second
	Creates   int // additions to the list, a second
	// AtOnce bounds what is under way on one register, for histories that can be
	// judged although an outage lasts: what would be too much is left out. 0: no bound.
	AtOnce int
}

// Users work from Start to Stop.
type Users struct {
	tenant    *Tenant
	load      Load
	begun     time.Time
	registers []string // project ids
	histories []*history
	workspace string // of the list
	nextValue atomic.Int64
	Record    *Record

	mu    sync.Mutex
	added map[string]bool // names on the list: acknowledged or not

	busy sync.WaitGroup
	stop context.CancelFunc
}

// NewUsers prepares what they work on.
func NewUsers(ctx context.Context, t *Tenant, load Load) (*Users, error) {
	u := &Users{tenant: t, load: load, begun: time.Now(), added: map[string]bool{}, Record: &Record{begun: time.Now()}}
	var home created
	unique := strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := t.settle(ctx, http.MethodPost, "/v1/workspaces", "w"+unique, map[string]string{"name": "ledger " + unique}, &home); err != nil {
		return nil, err
	}
	u.workspace = home.ID
	var registers created
	if err := t.settle(ctx, http.MethodPost, "/v1/workspaces", "r"+unique, map[string]string{"name": "registers " + unique}, &registers); err != nil {
		return nil, err
	}
	for i := range load.Registers {
		var p created
		body := map[string]string{"name": fmt.Sprintf("register %d", i), "description": "0", "workspace_id": registers.ID}
		if err := t.settle(ctx, http.MethodPost, "/v1/projects", fmt.Sprintf("p%s-%d", unique, i), body, &p); err != nil {
			return nil, err
		}
		u.registers = append(u.registers, p.ID)
		u.histories = append(u.histories, &history{})
	}
	return u, nil
}

// Start lets them work until Stop.
func (u *Users) Start(ctx context.Context) {
	ctx, u.stop = context.WithCancel(ctx)
	u.every(ctx, u.load.Writes, u.write)
	u.every(ctx, u.load.Reads, u.read)
	u.every(ctx, u.load.Creates, u.create)
}

// Stop ends new requests and waits for those under way.
func (u *Users) Stop() {
	u.stop()
	u.busy.Wait()
}

func (u *Users) every(ctx context.Context, rate int, do func(n int, intended time.Time)) {
	every(ctx, &u.busy, rate, do)
}

func (u *Users) write(n int, intended time.Time) {
	i := n % len(u.registers)
	if !u.histories[i].enter(u.load.AtOnce) {
		return
	}
	defer u.histories[i].leave()
	value := int(u.nextValue.Add(1))
	begun := time.Since(u.begun)
	a := u.tenant.do(context.Background(), http.MethodPatch, "/v1/projects/"+u.registers[i], "", map[string]string{"description": strconv.Itoa(value)})
	ended := time.Since(u.begun)
	u.Record.note(Write, intended, a)
	if !a.refused() {
		u.histories[i].wrote(n, value, begun, ended, a.ok())
	}
}

func (u *Users) read(n int, intended time.Time) {
	i := n % len(u.registers)
	if !u.histories[i].enter(u.load.AtOnce) {
		return
	}
	defer u.histories[i].leave()
	begun := time.Since(u.begun)
	a := u.tenant.do(context.Background(), http.MethodGet, "/v1/projects/"+u.registers[i], "", nil)
	ended := time.Since(u.begun)
	u.Record.note(Read, intended, a)
	if !a.ok() {
		return
	}
	var p project
	if err := json.Unmarshal(a.body, &p); err != nil {
		u.Record.note(Read, intended, answer{err: err})
		return
	}
	value, err := strconv.Atoi(p.Description)
	if err != nil {
		value = -1 // nobody wrote that: the check will say so
	}
	u.histories[i].read(n, value, begun, ended)
}

// create repeats what was not acknowledged, for as long as users are patient.
func (u *Users) create(n int, intended time.Time) {
	name := fmt.Sprintf("entry-%d-of-%d", n, u.begun.UnixNano()) // also the Idempotency-Key, which has no spaces
	body := map[string]string{"name": name, "workspace_id": u.workspace}
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	u.note(name, false)
	first := u.tenant.do(ctx, http.MethodPost, "/v1/projects", name, body)
	u.Record.note(Create, intended, first)
	if first.ok() || u.tenant.settle(ctx, http.MethodPost, "/v1/projects", name, body, nil) == nil {
		u.note(name, true)
	}
}

func (u *Users) note(name string, acknowledged bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.added[name] = acknowledged
}
