package events

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Bounds of followers.
const (
	perTenant  = 100
	perProcess = 5000
	retryFull  = 10 * time.Second

	// Longest is how long one may follow at a stretch.
	Longest = 15 * time.Minute
)

// Feed is the events of tenants. It is an interface because use-cases do not
// know the database.
type Feed interface {
	ReadEvents(ctx context.Context, call *cell.Call, after int64, limit int) (cell.EventPage, error)
}

// Chains says how far tenants' chains go; apart from Feed because it looks at
// many tenants with another role.
type Chains interface {
	// EventHeads leaves out tenants that may not be read here.
	EventHeads(ctx context.Context, tenants []tenancy.ID) (map[tenancy.ID]int64, error)
	ListenEvents(ctx context.Context, grown func(tenancy.ID)) error
}

// Hub wakes followers. It is safe for concurrent use.
type Hub struct {
	feed    Feed
	chains  Chains
	recheck time.Duration
	open    prometheus.Gauge

	mu        sync.Mutex
	topics    map[tenancy.ID]*topic
	followers int
}

// topic is one tenant that is followed.
type topic struct {
	followers int
	head      int64         // as the hub last saw it; -1: the tenant is not here
	news      chan struct{} // closed when there is something to look at
}

// New returns a hub. A follower's rights are judged again after recheck at the
// latest.
func New(feed Feed, chains Chains, recheck time.Duration, registry prometheus.Registerer) *Hub {
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "cell_event_followers", Help: "Followers of tenants' events."})
	registry.MustRegister(open)
	return &Hub{feed: feed, chains: chains, recheck: recheck, open: open, topics: map[tenancy.ID]*topic{}}
}

// Listen wakes followers as chains grow, until the connection is lost.
func (h *Hub) Listen(ctx context.Context) error { return h.chains.ListenEvents(ctx, h.wake) }

// Look finds out which of the followed tenants have news, or have left.
func (h *Hub) Look(ctx context.Context) error {
	followed := h.followed()
	if len(followed) == 0 {
		return nil
	}
	heads, err := h.chains.EventHeads(ctx, followed)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range followed {
		head, here := heads[id]
		if !here {
			head = -1
		}
		if t := h.topics[id]; t != nil && t.head != head {
			t.head = head
			t.wake()
		}
	}
	return nil
}

func (h *Hub) followed() []tenancy.ID {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]tenancy.ID, 0, len(h.topics))
	for id := range h.topics {
		ids = append(ids, id)
	}
	return ids
}

func (h *Hub) wake(id tenancy.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.topics[id]; t != nil {
		t.wake()
	}
}

// wake is called with the hub's lock.
func (t *topic) wake() {
	close(t.news)
	t.news = make(chan struct{})
}

// news is closed once there is something new to look at.
func (h *Hub) news(id tenancy.ID) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[id].news
}

func (h *Hub) enter(id tenancy.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[id]
	switch {
	case h.followers >= perProcess:
		return fault.New(fault.Unavailable, "too many follow events here now").After(retryFull)
	case t != nil && t.followers >= perTenant:
		return fault.New(fault.RateLimited, "%d follow this tenant's events already", perTenant).After(retryFull)
	case t == nil:
		t = &topic{news: make(chan struct{})}
		h.topics[id] = t
	}
	t.followers++
	h.followers++
	h.open.Inc()
	return nil
}

func (h *Hub) leave(id tenancy.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[id]
	t.followers--
	if t.followers == 0 {
		delete(h.topics, id)
	}
	h.followers--
	h.open.Dec()
}
