package tenantcache

import (
	"strings"
	"sync"
)

// names keeps one copy of each text that many tenants have in common.
type names struct {
	mu  sync.RWMutex
	all map[string]string
}

func (n *names) shared(s string) string {
	n.mu.RLock()
	known, ok := n.all[s]
	n.mu.RUnlock()
	if ok {
		return known
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[string]string{}
	}
	s = strings.Clone(s)
	n.all[s] = s
	return s
}
