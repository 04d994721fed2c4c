package tenantclient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Entry is one thing that a tenant's users were told is stored.
type Entry struct {
	Name         string
	Acknowledged time.Time
}

// Ledger has a tenant's users add to a list, and keeps what was acknowledged and
// when: outside of the platform, so that it outlives whatever becomes of that.
type Ledger struct {
	Tenant *Tenant

	workspace string
	unique    string
	busy      sync.WaitGroup
	stop      context.CancelFunc

	mu      sync.Mutex
	asked   map[string]bool
	entries []Entry
	refused int
}

// NewLedger makes the list.
func NewLedger(ctx context.Context, t *Tenant) (*Ledger, error) {
	l := &Ledger{Tenant: t, unique: fmt.Sprintf("%x", time.Now().UnixNano()), asked: map[string]bool{}}
	var home created
	err := t.settle(ctx, http.MethodPost, "/v1/workspaces", "ledger-"+l.unique, map[string]string{"name": "ledger " + l.unique}, &home)
	l.workspace = home.ID
	return l, err
}

// Start has entries added, so many a second, until Stop.
func (l *Ledger) Start(ctx context.Context, perSecond int) {
	ctx, l.stop = context.WithCancel(ctx)
	every(ctx, &l.busy, perSecond, func(n int, _ time.Time) { l.add(n) })
}

// Stop waits for what is under way.
func (l *Ledger) Stop() {
	if l.stop != nil {
		l.stop()
		l.busy.Wait()
	}
}

func (l *Ledger) add(n int) {
	name := fmt.Sprintf("entry-%d-%s-%d", n, l.unique, time.Now().UnixNano())
	l.mu.Lock()
	l.asked[name] = true
	l.mu.Unlock()
	a := l.Tenant.do(context.Background(), http.MethodPost, "/v1/projects", name, map[string]string{"name": name, "description": contentOf(name), "workspace_id": l.workspace})
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.ok() {
		l.entries = append(l.entries, Entry{name, time.Now()})
	} else {
		l.refused++
	}
}

// contentOf is what an entry says besides its name.
func contentOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// Acknowledged is how many entries were, and Refused how many requests were not.
func (l *Ledger) Acknowledged() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.entries) }

// Refused counts requests that were not answered as asked.
func (l *Ledger) Refused() int { l.mu.Lock(); defer l.mu.Unlock(); return l.refused }

// Difference is what the list and the ledger disagree about.
type Difference struct {
	Acknowledged int
	Lost         []Entry // acknowledged, and not on the list
	Doubled      int
	Strange      int // on the list, and nobody asked for it; or it says something else
}

// Compare reads the list, row by row.
func (l *Ledger) Compare(ctx context.Context) (Difference, error) {
	found, err := l.Tenant.list(ctx, l.workspace)
	if err != nil {
		return Difference{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d := Difference{Acknowledged: len(l.entries)}
	times := map[string]int{}
	for _, p := range found {
		times[p.Name]++
		switch {
		case !l.asked[p.Name] || p.Description != contentOf(p.Name):
			d.Strange++
		case times[p.Name] > 1:
			d.Doubled++
		}
	}
	for _, e := range l.entries {
		if times[e.Name] == 0 {
			d.Lost = append(d.Lost, e)
		}
	}
	return d, nil
}

// AwaitServed asks until the tenant is served.
func (t *Tenant) AwaitServed(ctx context.Context) error {
	return t.settle(ctx, http.MethodGet, "/v1/organization", "", nil, nil)
}

// Status asks for the organization, once, and returns the status of the answer; 0
// if there was none.
func (t *Tenant) Status(ctx context.Context) int {
	return t.do(ctx, http.MethodGet, "/v1/organization", "", nil).status
}
