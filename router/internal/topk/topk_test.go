package topk_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/topk"
	"github.com/coditect/platform/shared/tenancy"
)

// Whoever has more than total/Capacity is found, and never counted too low.
func TestTheBusyAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		busy := rapid.IntRange(1, 5).Draw(t, "busy")
		noise := rapid.IntRange(0, 3000).Draw(t, "noise")
		c, truth, total := topk.New(), map[tenancy.ID]uint64{}, uint64(0)
		add := func(id tenancy.ID, n uint64) { c.Add(id, n); truth[id] += n; total += n }
		ids := make([]tenancy.ID, busy)
		for i := range ids {
			ids[i] = tenancy.NewID()
		}
		for i := range noise {
			add(tenancy.NewID(), 1)
			add(ids[i%busy], 1)
		}
		counts := map[tenancy.ID]uint64{}
		for _, n := range c.Top(topk.Capacity) {
			counts[n.Tenant] = n.Requests
			if n.Requests < truth[n.Tenant] || n.Requests > truth[n.Tenant]+total/topk.Capacity {
				t.Fatalf("%d counted, %d true, of %d", n.Requests, truth[n.Tenant], total)
			}
		}
		for id, n := range truth {
			if n > total/topk.Capacity && counts[id] == 0 {
				t.Fatalf("a tenant with %d of %d is missing", n, total)
			}
		}
		if len(c.Top(10)) > 10 || len(counts) > topk.Capacity {
			t.Fatalf("%d tenants", len(counts))
		}
	})
}
