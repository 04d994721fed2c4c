package throttle

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// rememberedClients bounds the memory to about 2 MB.
const rememberedClients = 10_000

// Rate is how often something may happen. The zero Rate is unlimited.
type Rate struct {
	PerMinute int // in the long run
	Burst     int // at once; at least 1 if PerMinute is set
}

// Throttle is safe for concurrent use.
type Throttle struct {
	client, total Rate
	now           func() time.Time

	mu      sync.Mutex
	clients *simplelru.LRU[netip.Prefix, time.Time]
	all     time.Time
}

// New returns a throttle with a rate for each client and one for all together.
func New(client, total Rate, clock func() time.Time) (*Throttle, error) {
	for _, r := range []Rate{client, total} {
		if r.PerMinute < 0 || r.PerMinute > 0 && r.Burst < 1 {
			return nil, fmt.Errorf("throttle: %+v is not a rate", r)
		}
	}
	clients, err := simplelru.NewLRU[netip.Prefix, time.Time](rememberedClients, nil)
	if err != nil {
		return nil, fmt.Errorf("throttle: %w", err)
	}
	return &Throttle{client: client, total: total, now: clock, clients: clients}, nil
}

// Admit returns 0 if the client may go ahead, or how long it should wait. A
// client on this machine is nobody's stranger: only the total counts for it.
func (t *Throttle) Admit(client netip.Addr) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, who := t.now(), network(client)
	all, wait := t.total.turn(t.all, now)
	own := time.Time{}
	if !client.Unmap().IsLoopback() {
		before, _ := t.clients.Get(who)
		var mine time.Duration
		own, mine = t.client.turn(before, now)
		wait = max(wait, mine)
	}
	if wait > 0 {
		return wait
	}
	t.all = all
	if !own.IsZero() {
		t.clients.Add(who, own)
	}
	return 0
}

// turn is the generic cell rate algorithm: due is when the next request of an
// evenly paced sender would come, and a burst may run that far ahead of now. It
// returns what due becomes, or how long to wait.
func (r Rate) turn(due, now time.Time) (next time.Time, wait time.Duration) {
	if r.PerMinute == 0 {
		return due, 0
	}
	step := time.Minute / time.Duration(r.PerMinute)
	if due.Before(now) {
		due = now
	}
	if ahead := due.Sub(now) - step*time.Duration(r.Burst-1); ahead > 0 {
		return due, ahead
	}
	return due.Add(step), 0
}

// network is what one client can change its address within: of IPv6, 64 bits.
func network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, _ := addr.Prefix(bits) // the zero prefix for no address: those share one turn
	return prefix
}
