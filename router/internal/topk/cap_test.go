package topk_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/coditect/platform/router/internal/topk"
	"github.com/coditect/platform/shared/tenancy"
)

// However many tenants there are, it keeps Capacity of them, in memory that does
// not grow, and still finds the busy ones.
func TestAHundredThousandTenants(t *testing.T) {
	const tenants, busy = 100_000, 10
	ids := make([]tenancy.ID, tenants)
	for i := range ids {
		ids[i] = tenancy.NewID()
	}
	c := topk.New()
	round := func() {
		for i, id := range ids {
			c.Add(id, 1)
			c.Add(ids[i%busy], 1)
		}
	}
	round()
	before := heap()
	for range 3 {
		round()
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("%d bytes more after three more rounds", grown)
	}
	all := c.Top(tenants)
	if len(all) != topk.Capacity {
		t.Errorf("%d tenants are told apart", len(all))
	}
	for _, n := range all[:busy] {
		if !slices.Contains(ids[:busy], n.Tenant) {
			t.Errorf("%s is no busy one", n.Tenant)
		}
		if n.Requests < 4*tenants/busy {
			t.Errorf("%s is counted %d times", n.Tenant, n.Requests)
		}
	}
	runtime.KeepAlive(ids)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
