package lookup_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/router/internal/lookup"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// filled is a cache of n tenants, some with a domain or a policy.
func filled(t testing.TB, n int) *tenantcache.Cache {
	t.Helper()
	c, err := tenantcache.New(tenantcache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.PutCell(directory.Cell{ID: "cell-a", Version: 1})
	for i := range n {
		a := directory.Assignment{
			TenantID: tenancy.NewID(), Slug: tenancy.Slug(fmt.Sprintf("tenant-%d", i)), Cell: "cell-a", State: directory.Active, Epoch: 1, Version: uint64(i + 1),
		}
		if i%10 == 0 {
			a.Domains = []tenancy.Domain{tenancy.Domain(fmt.Sprintf("d%d.example.org", i))}
		}
		if i%10 == 1 {
			a.Edge = &directory.EdgePolicy{CORS: &directory.CORS{AllowedOrigins: []string{"https://example.org"}, MaxAgeSeconds: i}}
		}
		c.Put(a)
	}
	return c
}

// A snapshot that is saved while tenants change holds every tenant once, as it
// was at the version that it names or later.
func TestSaveWhileTenantsChange(t *testing.T) {
	t.Parallel()
	const n = 5000
	disk, err := lookup.NewDisk(filepath.Join(t.TempDir(), "snapshot"))
	if err != nil {
		t.Fatal(err)
	}
	c := filled(t, n)
	var before []directory.Assignment
	_ = c.Each(func(entries []tenantcache.Entry) error {
		for _, e := range entries {
			before = append(before, e.Assignment)
		}
		return nil
	})
	var writer sync.WaitGroup
	var done atomic.Bool
	writer.Go(func() {
		for i := 0; !done.Load(); i++ {
			a := before[i%n]
			a.Version, a.Slug = uint64(n+i+1), tenancy.Slug(fmt.Sprintf("renamed-%d", i))
			c.Put(a)
		}
	})
	for range 3 {
		if err := disk.Save(t.Context(), c, n); err != nil {
			t.Error(err)
		}
		loaded := filled(t, 0)
		info, tenants, err := disk.Load(loaded, true)
		if err != nil || info.Version != n || tenants != n || info.Tenants != n {
			t.Errorf("%+v, %d tenants, %v", info, tenants, err)
		}
		for _, want := range before {
			e, ok := loaded.Get(directory.Key{Kind: directory.ByID, Value: want.TenantID.String()})
			if !ok || e.Version < want.Version || len(e.Domains) != len(want.Domains) || (e.Edge == nil) != (want.Edge == nil) {
				t.Fatalf("%+v instead of %+v", e, want)
			}
		}
	}
	done.Store(true)
	writer.Wait()
}

// Not parallel: it measures the whole heap.
func TestSavingTakesLittleMemory(t *testing.T) {
	disk, err := lookup.NewDisk(filepath.Join(t.TempDir(), "snapshot"))
	if err != nil {
		t.Fatal(err)
	}
	c := filled(t, 100_000)
	hurry, cancel := context.WithCancel(t.Context())
	cancel()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := disk.Save(hurry, c, 100_000); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 { // policies are encoded anew
		t.Errorf("%d bytes were allocated to save %d", took, c.Stats().Bytes)
	}
}

func BenchmarkSave(b *testing.B) {
	disk, err := lookup.NewDisk(filepath.Join(b.TempDir(), "snapshot"))
	if err != nil {
		b.Fatal(err)
	}
	c := filled(b, 1_000_000)
	hurry, cancel := context.WithCancel(b.Context())
	cancel()
	b.ReportAllocs()
	for b.Loop() {
		if err := disk.Save(hurry, c, 1); err != nil {
			b.Fatal(err)
		}
	}
}
