package listen

import (
	"net/netip"
	"sync"
)

// perClient counts the connections of each client address. An IPv6 client has
// a whole /64 to choose addresses from, so that is what is counted.
type perClient struct {
	mu    sync.Mutex
	conns map[netip.Addr]int
}

func newPerClient() *perClient { return &perClient{conns: map[netip.Addr]int{}} }

// enter reports whether the client may have one more.
func (p *perClient) enter(addr netip.Addr, limit int) bool {
	key := networkOf(addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[key] >= limit {
		return false
	}
	p.conns[key]++
	return true
}

func (p *perClient) leave(addr netip.Addr) {
	key := networkOf(addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[key]--; p.conns[key] <= 0 {
		delete(p.conns, key)
	}
}

func networkOf(addr netip.Addr) netip.Addr {
	if addr.Is4() {
		return addr
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return prefix.Addr()
}
