package tenantcache

import (
	"encoding/json"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// What things take beside their texts, with the slack of Go's maps and
// allocator: measured by TestLRUReckonsWhatItTakes.
const (
	slotBytes   = 450 // a tenant of LRU mode
	domainBytes = 150 // its place in a slice and an index
	edgeBytes   = 3   // for each byte of a policy as JSON
)

func (x *extra) bytes() int64 {
	const place = 96 // in a map
	return place + domainCost(x.domains) + edgeCost(x.edge)
}

func domainCost(domains []tenancy.Domain) (n int64) {
	for _, d := range domains {
		n += domainBytes + int64(len(d))
	}
	return n
}

func edgeCost(p *directory.EdgePolicy) int64 {
	if p == nil {
		return 0
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return 0
	}
	return 256 + edgeBytes*int64(len(raw))
}
