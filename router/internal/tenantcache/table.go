package tenantcache

import (
	"hash/maphash"
	"strings"
	"sync"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// batchSize is how many tenants are changed while readers wait: microseconds.
const batchSize = 64

// table keeps every tenant, in about 85 bytes: records without pointers, the
// texts of slugs end to end, and indices of record numbers. Domains and edge
// policies, which few tenants have, are kept aside as they are.
//
// One writer at a time works under the write lock; whatever takes long (making
// an index anew, allocating) it does beside the readers, and closes the gate
// only to put the result in place.
type table struct {
	seed  maphash.Seed
	write sync.Mutex
	gate  gate

	// Read within the gate or under the write lock, changed under both.
	records  slab
	slugs    texts
	profiles profiles
	byID     keyIndex
	bySlug   keyIndex
	byDomain map[tenancy.Domain]uint32
	extras   map[uint32]extra

	tenants     int
	extrasBytes int64
}

// extra is what few tenants have.
type extra struct {
	domains []tenancy.Domain
	edge    *directory.EdgePolicy
}

func newTable(seed maphash.Seed) *table {
	return &table{
		seed: seed, byDomain: map[tenancy.Domain]uint32{}, extras: map[uint32]extra{},
		profiles: profiles{numbers: map[profile]uint32{}},
	}
}

func (t *table) hashOfID(id tenancy.ID) uint64   { return maphash.Bytes(t.seed, id[:]) }
func (t *table) hashOfText(s string) uint64      { return maphash.String(t.seed, s) }
func (t *table) hashOfRefID(ref uint32) uint64   { return t.hashOfID(t.records.at(ref).id) }
func (t *table) hashOfRefSlug(ref uint32) uint64 { return t.hashOfText(t.slugOf(ref)) }

func (t *table) slugOf(ref uint32) string {
	r := t.records.at(ref)
	if r.slugLen == 0 {
		return ""
	}
	return t.slugs.get(r.slug, r.slugLen)
}

func (t *table) profileOf(ref uint32) *profile { return &t.profiles.list[t.records.at(ref).profile] }

// get implements store.
func (t *table) get(k directory.Key, hash uint64) (Entry, bool) {
	var id tenancy.ID
	if k.Kind == directory.ByID {
		var err error
		if id, err = tenancy.ParseID(k.Value); err != nil {
			return Entry{}, false
		}
	}
	in := t.gate.enter(hash)
	defer in.RUnlock()
	var ref uint32
	var ok bool
	switch k.Kind {
	case directory.ByID:
		_, ref, ok = t.findID(id)
	case directory.BySlug:
		_, ref, ok = t.findSlug(k.Value, hash)
	default:
		ref, ok = t.byDomain[tenancy.Domain(k.Value)]
	}
	if !ok {
		return Entry{}, false
	}
	return t.entry(ref), true
}

func (t *table) findID(id tenancy.ID) (slot int, ref uint32, ok bool) {
	return t.byID.find(t.hashOfID(id), func(ref uint32) bool { return t.records.at(ref).id == id })
}

func (t *table) findSlug(slug string, hash uint64) (slot int, ref uint32, ok bool) {
	return t.bySlug.find(hash, func(ref uint32) bool { return t.slugOf(ref) == slug })
}

// entry is what a record says.
func (t *table) entry(ref uint32) Entry {
	r, p := t.records.at(ref), t.profileOf(ref)
	e := Entry{Assignment: directory.Assignment{
		TenantID: r.id, Slug: tenancy.Slug(t.slugOf(ref)), Cell: p.cell, Region: p.region, Plan: p.plan, State: p.state,
		Epoch: r.epoch, Version: r.version,
	}}
	if r.flags&hasExtra != 0 {
		x := t.extras[ref]
		e.Domains, e.Edge = x.domains, x.edge
	}
	return e
}

// each implements store.
func (t *table) each(fn func([]Entry) error) error {
	var batch [batchSize]Entry
	for ref, last := uint32(0), false; !last; {
		n := 0
		in := t.gate.enter(uint64(ref))
		for n < len(batch) && ref < t.records.next {
			if t.records.at(ref).flags&inUse != 0 {
				batch[n] = t.entry(ref)
				n++
			}
			ref++
		}
		last = ref >= t.records.next
		in.RUnlock()
		if n == 0 {
			continue
		}
		if err := fn(batch[:n]); err != nil {
			return err
		}
	}
	return nil
}

// size implements store.
func (t *table) size() (tenants int, bytes int64) {
	t.write.Lock()
	defer t.write.Unlock()
	return t.tenants, t.records.bytes() + t.slugs.bytes() + t.byID.bytes() + t.bySlug.bytes() + t.extrasBytes
}

func cloneDomains(domains []tenancy.Domain) []tenancy.Domain {
	if len(domains) == 0 {
		return nil
	}
	out := make([]tenancy.Domain, len(domains))
	for i, d := range domains {
		out[i] = tenancy.Domain(strings.Clone(string(d)))
	}
	return out
}
