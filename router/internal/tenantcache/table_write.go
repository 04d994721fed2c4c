package tenantcache

import (
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// change is what a writer does to one tenant within the gate.
type change struct {
	next  *directory.Assignment // nil: only the mark
	extra extra
}

// update implements store.
func (t *table) update(offered []directory.Assignment, mark uint8, decide decision) {
	var changes [batchSize]change
	for len(offered) > 0 {
		n := min(len(offered), batchSize)
		t.updateBatch(offered[:n], &changes, mark, decide)
		offered = offered[n:]
	}
}

func (t *table) updateBatch(offered []directory.Assignment, changes *[batchSize]change, mark uint8, decide decision) {
	t.write.Lock()
	defer t.write.Unlock()
	dirty := false
	for i := range offered {
		var known Entry
		_, ref, ok := t.findID(offered[i].TenantID)
		if ok {
			known = t.entry(ref)
		}
		c := &changes[i]
		if *c = (change{next: decide(&offered[i], known, ok)}); c.next == nil {
			t.setMark(ref, ok, mark)
			continue
		}
		c.extra = extra{domains: cloneDomains(c.next.Domains), edge: c.next.Edge}
		t.prepare(c.next)
		dirty = true
	}
	if !dirty {
		return
	}
	t.gate.close()
	for i := range offered {
		if c := &changes[i]; c.next != nil {
			t.setMark(t.set(c), true, mark)
		}
	}
	t.gate.open()
	if t.slugs.wasteful() {
		t.compact()
	}
}

// setMark needs no gate: readers do not look at marks.
func (t *table) setMark(ref uint32, ok bool, mark uint8) {
	if ok && mark != 0 {
		t.records.at(ref).mark = mark
	}
}

// prepare makes room for a and the rest of its batch.
func (t *table) prepare(a *directory.Assignment) {
	if hash := t.hashOfID(a.TenantID); !t.byID.room(hash) {
		t.remake(&t.byID, partOf(hash), t.byID.grown(partOf(hash)), t.hashOfRefID)
	}
	if hash := t.hashOfText(string(a.Slug)); !t.bySlug.room(hash) {
		t.remake(&t.bySlug, partOf(hash), t.bySlug.grown(partOf(hash)), t.hashOfRefSlug)
	}
	t.slugs.prepare()
	if !t.records.room(batchSize) {
		chunk := new([1 << slabShift]record)
		t.gate.close()
		t.records.chunks = append(t.records.chunks, chunk)
		t.gate.open()
	}
	if p := profileOf(a); !t.profiles.has(p) {
		t.gate.close()
		t.profiles.add(p)
		t.gate.open()
	}
}

func (t *table) remake(x *keyIndex, part, slots int, hashOf func(uint32) uint64) {
	next := x.parts[part].remade(slots, hashOf)
	t.gate.close()
	x.parts[part] = next
	t.gate.open()
}

// reserve makes room for that many tenants in all at once.
func (t *table) reserve(tenants int) {
	t.write.Lock()
	defer t.write.Unlock()
	parts := len(t.byID.parts)
	keys := tenants/parts + tenants/parts/16 + 2*batchSize // parts are never quite equal
	for part := range parts {
		if slots := keys * 5 / 4; slots > len(t.byID.parts[part].tags) {
			t.remake(&t.byID, part, slots, t.hashOfRefID)
			t.remake(&t.bySlug, part, slots, t.hashOfRefSlug)
		}
	}
}

// set makes a record say what a change says, within the gate.
func (t *table) set(c *change) (ref uint32) {
	a := c.next
	_, ref, known := t.findID(a.TenantID)
	if known {
		if t.records.at(ref).version > a.Version {
			return ref // twice in one batch
		}
		t.unindex(ref)
		t.dropExtra(ref)
	} else {
		ref = t.records.take()
		t.records.at(ref).id = a.TenantID
		t.byID.add(t.hashOfID(a.TenantID), ref)
		t.tenants++
	}
	r := t.records.at(ref)
	r.flags, r.epoch, r.version = inUse, a.Epoch, a.Version
	r.profile = t.profiles.numbers[profileOf(a)]
	t.setSlug(r, string(a.Slug))
	t.keepExtra(ref, c.extra)
	t.index(ref)
	return ref
}

// setSlug keeps a text that no host can have as none at all.
func (t *table) setSlug(r *record, slug string) {
	if len(slug) > maxText {
		slug = ""
	}
	if r.slugLen > 0 {
		if t.slugs.get(r.slug, r.slugLen) == slug {
			return
		}
		t.slugs.drop(r.slugLen)
	}
	r.slug, r.slugLen = t.slugs.add(slug), uint8(len(slug))
}

func (t *table) keepExtra(ref uint32, x extra) {
	if len(x.domains) == 0 && x.edge == nil {
		return
	}
	t.extrasBytes += x.bytes()
	t.extras[ref] = x
	t.records.at(ref).flags |= hasExtra
}

func (t *table) dropExtra(ref uint32) {
	if t.records.at(ref).flags&hasExtra == 0 {
		return
	}
	old := t.extras[ref]
	t.extrasBytes -= old.bytes()
	delete(t.extras, ref)
}

func (t *table) domainsOf(ref uint32) []tenancy.Domain {
	if t.records.at(ref).flags&hasExtra == 0 {
		return nil
	}
	return t.extras[ref].domains
}

// index makes the record's keys lead to it. A key that changed hands stays with
// the newer tenant.
func (t *table) index(ref uint32) {
	if !routable(t.profileOf(ref).state) {
		return
	}
	version := t.records.at(ref).version
	if slug := t.slugOf(ref); slug != "" {
		hash := t.hashOfText(slug)
		slot, holder, held := t.findSlug(slug, hash)
		switch {
		case !held:
			t.bySlug.add(hash, ref)
		case t.records.at(holder).version < version:
			t.bySlug.set(hash, slot, ref)
		}
	}
	for _, d := range t.domainsOf(ref) {
		if holder, held := t.byDomain[d]; !held || t.records.at(holder).version < version {
			t.byDomain[d] = ref
		}
	}
}

// unindex removes the record's keys, as far as they lead to it.
func (t *table) unindex(ref uint32) {
	if !routable(t.profileOf(ref).state) {
		return
	}
	if slug := t.slugOf(ref); slug != "" {
		hash := t.hashOfText(slug)
		if slot, holder, held := t.findSlug(slug, hash); held && holder == ref {
			t.bySlug.remove(hash, slot)
		}
	}
	for _, d := range t.domainsOf(ref) {
		if t.byDomain[d] == ref {
			delete(t.byDomain, d)
		}
	}
}

// prune implements store.
func (t *table) prune(version uint64, keep func(id tenancy.ID, mark uint8) bool) {
	for ref, last := uint32(0), false; !last; {
		t.write.Lock()
		for end := ref + batchSize; ref < end && ref < t.records.next; ref++ {
			if r := t.records.at(ref); r.flags&inUse != 0 && r.version <= version && !keep(r.id, r.mark) {
				t.gate.close()
				t.remove(ref)
				t.gate.open()
			}
		}
		last = ref >= t.records.next
		t.write.Unlock()
	}
}

func (t *table) remove(ref uint32) {
	t.unindex(ref)
	r := t.records.at(ref)
	if slot, _, ok := t.findID(r.id); ok {
		t.byID.remove(t.hashOfID(r.id), slot)
	}
	t.slugs.drop(r.slugLen)
	t.dropExtra(ref)
	t.records.give(ref)
	t.tenants--
}
