package tenantcache

const (
	partBits = 6
	free     = 0 // tags of slots without a key
	dead     = 1
)

// keyIndex finds records by a key that they hold themselves: a hash table with
// linear probing of 5 bytes a slot, a tag from the hash and the record's
// number. It is in parts, so that a part can be made anew beside readers without
// much memory or time.
type keyIndex struct {
	parts [1 << partBits]part
}

type part struct {
	tags []uint8
	refs []uint32
	used int // slots with a key, or that had one
	live int
}

func partOf(hash uint64) int { return int(hash >> (64 - partBits)) }

func tagOf(hash uint64) uint8 { return uint8(max(hash&0xff, 2)) }

// first is the slot where the search for a hash begins.
func (p *part) first(hash uint64) int {
	return int(uint64(uint32(hash>>8)) * uint64(len(p.tags)) >> 32)
}

// find returns the slot and number of the record with that hash that is the
// same.
func (x *keyIndex) find(hash uint64, same func(ref uint32) bool) (slot int, ref uint32, ok bool) {
	p := &x.parts[partOf(hash)]
	if len(p.tags) == 0 {
		return 0, 0, false
	}
	tag := tagOf(hash)
	for i := p.first(hash); ; {
		switch p.tags[i] {
		case free:
			return 0, 0, false
		case tag:
			if ref := p.refs[i]; same(ref) {
				return i, ref, true
			}
		}
		if i++; i == len(p.tags) {
			i = 0
		}
	}
}

// add gives a record that is not there yet a slot. There is room.
func (x *keyIndex) add(hash uint64, ref uint32) { x.parts[partOf(hash)].add(hash, ref) }

func (p *part) add(hash uint64, ref uint32) {
	i := p.first(hash)
	for p.tags[i] > dead {
		if i++; i == len(p.tags) {
			i = 0
		}
	}
	if p.tags[i] == free {
		p.used++
	}
	p.tags[i], p.refs[i] = tagOf(hash), ref
	p.live++
}

func (x *keyIndex) set(hash uint64, slot int, ref uint32) { x.parts[partOf(hash)].refs[slot] = ref }

func (x *keyIndex) remove(hash uint64, slot int) {
	p := &x.parts[partOf(hash)]
	p.tags[slot] = dead
	p.live--
}

// room reports whether a batch of keys with that hash fits: a seventh of the
// slots at least stays free, or searches grow long.
func (x *keyIndex) room(hash uint64) bool {
	p := &x.parts[partOf(hash)]
	return p.used+batchSize <= len(p.tags)/8*7
}

// grown is the number of slots that a part without room should have.
func (x *keyIndex) grown(part int) int { return (x.parts[part].live + batchSize) * 3 / 2 }

// remade returns a part with the same keys and that many slots.
func (p *part) remade(slots int, hashOf func(ref uint32) uint64) part {
	next := part{tags: make([]uint8, slots), refs: make([]uint32, slots)}
	for i, tag := range p.tags {
		if tag > dead {
			next.add(hashOf(p.refs[i]), p.refs[i])
		}
	}
	return next
}

func (x *keyIndex) bytes() int64 {
	var n int64
	for i := range x.parts {
		n += 5 * int64(len(x.parts[i].tags))
	}
	return n
}
