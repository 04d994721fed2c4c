package tenantcache

// compact copies the slugs that are in use to new chunks and gives the others
// up, a batch of tenants at a time, under the write lock. Slugs die by renaming
// and by tenants that leave, so this is rare.
func (t *table) compact() {
	old := make([]bool, len(t.slugs.chunks))
	for i := range old {
		old[i] = true
	}
	for _, i := range t.slugs.unused {
		old[i] = false
	}
	// The open chunk is given up like the others, and none of them is used again
	// before all is copied.
	t.slugs.open = nil
	for ref := uint32(0); ref < t.records.next; {
		t.slugs.prepare()
		t.gate.close()
		for end := ref + batchSize; ref < end && ref < t.records.next; ref++ {
			if r := t.records.at(ref); r.slugLen > 0 {
				r.slug = t.slugs.add(t.slugs.get(r.slug, r.slugLen))
			}
		}
		t.gate.open()
	}
	t.gate.close()
	t.slugs.dead, t.slugs.live = 0, t.slugs.live/2 // each was added once more
	for i, given := range old {
		if given {
			t.slugs.chunks[i] = ""
			t.slugs.unused = append(t.slugs.unused, uint32(i))
		}
	}
	t.gate.open()
}
