package tenantcache_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// perTenant is what a tenant of full mode may take, in bytes.
const perTenant = 110

// population are n tenants as a platform may have them: one in fifty with a
// domain, one in a hundred with an edge policy.
func population(n int) []directory.Assignment {
	plans := []string{"free", "team", "business"}
	tenants := make([]directory.Assignment, n)
	for i := range tenants {
		a := assignment(tenancy.NewID(), fmt.Sprintf("tenant-%07d", i), uint64(i+1))
		a.Cell, a.Region, a.Plan = fmt.Sprintf("cell-%d", i%10), "here", plans[i%3]
		if i%50 == 0 {
			a.Domains = []tenancy.Domain{tenancy.Domain(fmt.Sprintf("app.tenant-%d.example.org", i))}
		}
		if i%100 == 0 {
			a.Edge = &directory.EdgePolicy{CORS: &directory.CORS{AllowedOrigins: []string{"https://app.example.org"}}}
		}
		tenants[i] = a
	}
	return tenants
}

func snapshot(t testing.TB, tenants []directory.Assignment, version uint64) []byte {
	t.Helper()
	var raw bytes.Buffer
	w := directory.NewSnapshotWriter(&raw)
	for i := range 10 {
		if err := w.Cell(directory.Cell{ID: fmt.Sprintf("cell-%d", i), Region: "here", State: directory.CellActive, Version: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range tenants {
		if err := w.Tenant(&tenants[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(version); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

// load takes a snapshot into c and returns how many of its tenants are cached.
func load(t testing.TB, c *tenantcache.Cache, raw []byte, all bool) int {
	t.Helper()
	info, err := directory.CheckSnapshot(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	l := c.NewLoader(info, all)
	if _, err := directory.ScanSnapshot(bytes.NewReader(raw), l); err != nil {
		t.Fatal(err)
	}
	return l.Done()
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the first only finishes what it found
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Not parallel: it measures the whole heap.
func TestFullModeIsCompact(t *testing.T) {
	const n = 200_000
	raw := snapshot(t, population(n), n)
	for name, fill := range map[string]func(*tenantcache.Cache){
		"from a snapshot": func(c *tenantcache.Cache) { load(t, c, raw, true) },
		"one by one": func(c *tenantcache.Cache) {
			for _, a := range population(n) {
				c.Put(a)
			}
		},
	} {
		before := heap()
		c := newCache(t, tenantcache.Options{})
		fill(c)
		took, st := heap()-before, c.Stats()
		t.Logf("%s: %.1f bytes a tenant, reckoned %.1f", name, float64(took)/n, float64(st.Bytes)/n)
		if took > perTenant*n {
			t.Errorf("%s: %d bytes a tenant", name, took/n)
		}
		if st.Tenants != n || st.Bytes < took*9/10 || st.Bytes > took*11/10 {
			t.Errorf("%s: %d tenants in %d bytes; really %d", name, st.Tenants, st.Bytes, took)
		}
		runtime.KeepAlive(c)
	}
	runtime.KeepAlive(raw)
}

// Not parallel, for the same reason.
func TestLRUReckonsWhatItTakes(t *testing.T) {
	const bound = 16 << 20
	before := heap()
	c := newCache(t, tenantcache.Options{Bytes: bound})
	for _, a := range population(100_000) {
		c.Put(a)
	}
	took, st := heap()-before, c.Stats()
	t.Logf("%d tenants, %d bytes each, reckoned %d", st.Tenants, took/int64(st.Tenants), st.Bytes/int64(st.Tenants))
	if st.Bytes > bound || st.Bytes < bound*9/10 {
		t.Errorf("%d bytes of %d used", st.Bytes, bound)
	}
	if st.Bytes < took*8/10 || st.Bytes > took*12/10 {
		t.Errorf("reckoned %d bytes; really %d", st.Bytes, took)
	}
	runtime.KeepAlive(c)
}

// Not parallel: other tests' allocations would be counted.
func TestGetAllocatesNothing(t *testing.T) {
	for _, bytes := range []int64{0, 1 << 20} {
		c := newCache(t, tenantcache.Options{Bytes: bytes, NegativeTTL: time.Hour})
		a := population(1)[0]
		c.Put(a)
		c.PutMissing(slug("nobody"), 1)
		for _, k := range []directory.Key{
			slug(string(a.Slug)), slug("nobody"), slug("never-asked"),
			{Kind: directory.ByID, Value: a.TenantID.String()},
			{Kind: directory.ByDomain, Value: string(a.Domains[0])},
			{Kind: directory.ByDomain, Value: "other.example.org"},
		} {
			_, want := c.Get(k)
			if n := testing.AllocsPerRun(100, func() {
				if _, ok := c.Get(k); ok != want {
					t.Fatal("changed its mind")
				}
			}); n != 0 {
				t.Errorf("%v, bound %d: %v allocations", k, bytes, n)
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	const n = 1_000_000
	tenants := population(n)
	raw := snapshot(b, tenants, n)
	for name, bytes := range map[string]int64{"full": 0, "lru": 1 << 30} {
		c := newCache(b, tenantcache.Options{Bytes: bytes})
		load(b, c, raw, true)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for r := rand.New(rand.NewPCG(1, rand.Uint64())); pb.Next(); {
					if _, ok := c.Get(slug(string(tenants[r.IntN(n)].Slug))); !ok {
						b.Error("missed")
					}
				}
			})
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	const n = 1_000_000
	raw := snapshot(b, population(n), n)
	for b.Loop() {
		if load(b, newCache(b, tenantcache.Options{}), raw, true) != n {
			b.Fatal("tenants are missing")
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tenants/s")
}

func BenchmarkPut(b *testing.B) {
	const n = 100_000
	tenants := population(n)
	for name, bytes := range map[string]int64{"full": 0, "lru": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			c := newCache(b, tenantcache.Options{Bytes: bytes})
			for i := 0; b.Loop(); i++ {
				a := tenants[i%n]
				a.Version = uint64(i + 1)
				c.Put(a)
			}
		})
	}
}
