package tenantcache_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// A naive model: whatever order changes arrive in, every key of the newest
// version of each tenant leads to it.
func TestAnyOrderEndsInTheNewest(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		rapid.Check(t, func(t *rapid.T) {
			c := newCache(tenantcache.Options{NegativeTTL: time.Hour})
			id := tenancy.NewID()
			n := rapid.IntRange(1, 8).Draw(t, "changes")
			var log []directory.Assignment
			for v := 1; v <= n; v++ {
				a := assignment(id, fmt.Sprintf("name-%d", rapid.IntRange(0, 2).Draw(t, "name")), uint64(v))
				if rapid.Bool().Draw(t, "suspended") {
					a.State = directory.Suspended
				}
				log = append(log, a)
			}
			newest := log[n-1]
			for _, a := range rapid.Permutation(append(log, log...)).Draw(t, "order") {
				c.Put(a)
			}
			for i := range 3 {
				name := fmt.Sprintf("name-%d", i)
				e, ok := c.Get(slug(name))
				if want := string(newest.Slug) == name; ok != want || ok && (e.Version != newest.Version || e.State != newest.State) {
					t.Fatalf("%s: %v %v; newest is %+v", name, e, ok, newest)
				}
			}
		})
	})
}
