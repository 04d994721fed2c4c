package tenantcache_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// model is the cache as one would write it without a thought to memory.
type model struct {
	tenants map[tenancy.ID]directory.Assignment
	news    map[tenancy.ID]directory.Assignment
	holders map[directory.Key]tenancy.ID
}

func keysOf(a directory.Assignment) (keys []directory.Key) {
	if a.State == directory.Deleted {
		return nil
	}
	keys = append(keys, slug(string(a.Slug)))
	for _, d := range a.Domains {
		keys = append(keys, directory.Key{Kind: directory.ByDomain, Value: string(d)})
	}
	return keys
}

func (m *model) drop(id tenancy.ID) {
	delete(m.tenants, id)
	maps.DeleteFunc(m.holders, func(_ directory.Key, holder tenancy.ID) bool { return holder == id })
}

func (m *model) set(a directory.Assignment) {
	m.drop(a.TenantID)
	m.tenants[a.TenantID] = a
	for _, k := range keysOf(a) {
		if holder, held := m.holders[k]; !held || m.tenants[holder].Version < a.Version {
			m.holders[k] = a.TenantID
		}
	}
}

func (m *model) put(a directory.Assignment) {
	if n, ok := m.news[a.TenantID]; ok && n.Version > a.Version {
		a = n
	}
	if known, ok := m.tenants[a.TenantID]; !ok || known.Version < a.Version {
		m.set(a)
	}
}

func (m *model) putIfKnown(a directory.Assignment) {
	if known, ok := m.tenants[a.TenantID]; ok {
		if known.Version < a.Version {
			m.set(a)
		}
	} else if m.news[a.TenantID].Version < a.Version {
		m.news[a.TenantID] = a
	}
}

func (m *model) moved(seen directory.Assignment, cell string, epoch uint64) {
	if known, ok := m.tenants[seen.TenantID]; ok && (known.Epoch >= epoch || known.Version > seen.Version) {
		return
	}
	seen.Cell, seen.Epoch = cell, epoch
	m.set(seen)
}

func (m *model) prune(version uint64, keep func(tenancy.ID) bool) {
	for id, a := range m.tenants {
		if a.Version <= version && !keep(id) {
			m.drop(id)
		}
	}
}

func (m *model) get(k directory.Key) (directory.Assignment, bool) {
	if k.Kind == directory.ByID {
		id, _ := tenancy.ParseID(k.Value)
		a, ok := m.tenants[id]
		return a, ok
	}
	id, ok := m.holders[k]
	return m.tenants[id], ok
}

// few are tenants and keys that meet often.
type few struct {
	ids     []tenancy.ID
	slugs   []tenancy.Slug
	domains []tenancy.Domain
}

func (f *few) keys() (keys []directory.Key) {
	for _, id := range f.ids {
		keys = append(keys, directory.Key{Kind: directory.ByID, Value: id.String()})
	}
	for _, s := range f.slugs {
		keys = append(keys, slug(string(s)))
	}
	for _, d := range f.domains {
		keys = append(keys, directory.Key{Kind: directory.ByDomain, Value: string(d)})
	}
	return keys
}

func (f *few) draw(t *rapid.T) directory.Assignment {
	a := directory.Assignment{
		TenantID: rapid.SampledFrom(f.ids).Draw(t, "id"), Slug: rapid.SampledFrom(f.slugs).Draw(t, "slug"),
		State: rapid.SampledFrom(directory.States[:]).Draw(t, "state"), Cell: rapid.SampledFrom([]string{"cell-a", "cell-b"}).Draw(t, "cell"),
		Plan: rapid.SampledFrom([]string{"free", "team"}).Draw(t, "plan"), Epoch: rapid.Uint64Range(1, 9).Draw(t, "epoch"),
		Version: rapid.Uint64Range(1, 60).Draw(t, "version"),
	}
	for _, d := range f.domains {
		if rapid.IntRange(0, 3).Draw(t, "has") == 0 {
			a.Domains = append(a.Domains, d)
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "policy") == 0 {
		a.Edge = &directory.EdgePolicy{CORS: &directory.CORS{MaxAgeSeconds: int(a.Version)}}
	}
	return a
}

// Whatever is said in whatever order, both modes know what the model knows.
func TestBothModesAreTheModel(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		rapid.Check(t, func(t *rapid.T) {
			f := &few{}
			for i := range 4 {
				f.ids = append(f.ids, tenancy.NewID())
				f.slugs = append(f.slugs, tenancy.Slug(fmt.Sprintf("slug-%d", i)))
				f.domains = append(f.domains, tenancy.Domain(fmt.Sprintf("d%d.example.org", i)))
			}
			c := newCache(tenantcache.Options{NegativeTTL: time.Hour})
			m := &model{map[tenancy.ID]directory.Assignment{}, map[tenancy.ID]directory.Assignment{}, map[directory.Key]tenancy.ID{}}
			for range rapid.IntRange(1, 40).Draw(t, "steps") {
				step(t, f, c, m)
				compare(t, f, c, m)
			}
		})
	})
}

func step(t *rapid.T, f *few, c *tenantcache.Cache, m *model) {
	a := f.draw(t)
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		keep := func(id tenancy.ID) bool { return id[15]%2 == 0 }
		c.Prune(a.Version, keep)
		m.prune(a.Version, keep)
	case 1:
		seen, ok := m.tenants[a.TenantID]
		if !ok {
			seen = a
		}
		c.Moved(tenantcache.Entry{Assignment: seen}, a.Cell, a.Epoch)
		m.moved(seen, a.Cell, a.Epoch)
	case 2, 3:
		c.PutIfKnown(a)
		m.putIfKnown(a)
	default:
		c.Put(a)
		m.put(a)
	}
}

func compare(t *rapid.T, f *few, c *tenantcache.Cache, m *model) {
	for _, k := range f.keys() {
		got, ok := c.Get(k)
		want, known := m.get(k)
		if ok != known || ok && !same(got.Assignment, want) {
			t.Fatalf("%v:\n got %v %+v\nwant %v %+v", k, ok, got, known, want)
		}
	}
	seen := 0
	_ = c.Each(func(entries []tenantcache.Entry) error {
		for _, e := range entries {
			if seen++; !same(e.Assignment, m.tenants[e.TenantID]) {
				t.Fatalf("each: %+v", e)
			}
		}
		return nil
	})
	if seen != len(m.tenants) || c.Stats().Tenants != seen {
		t.Fatalf("%d tenants seen, %d counted; want %d", seen, c.Stats().Tenants, len(m.tenants))
	}
}

func same(a, b directory.Assignment) bool {
	return a.TenantID == b.TenantID && a.Slug == b.Slug && slices.Equal(a.Domains, b.Domains) && a.Cell == b.Cell && a.Region == b.Region &&
		a.State == b.State && a.Epoch == b.Epoch && a.Plan == b.Plan && a.Edge == b.Edge && a.Version == b.Version
}
