package tenantcache

import (
	"github.com/coditect/platform/shared/tenancy"
)

// record is one tenant of the table: 48 bytes without a pointer.
type record struct {
	id      tenancy.ID
	version uint64
	epoch   uint64
	slug    uint32 // where its text begins; for a free record, the next one + 1
	profile uint32
	slugLen uint8
	flags   uint8
	mark    uint8 // of the last snapshot that had the tenant
}

const (
	inUse    = 1 << iota // not a free record
	hasExtra             // domains, or an edge policy
)

const (
	slabShift = 9 // records of a chunk, as a power of two: 24 KiB
	slabMask  = 1<<slabShift - 1
)

// slab holds records under numbers, which stay theirs. Chunks are never moved.
type slab struct {
	chunks []*[1 << slabShift]record
	next   uint32 // number after the last one ever used
	free   uint32 // first of the free ones + 1
}

func (s *slab) at(ref uint32) *record { return &s.chunks[ref>>slabShift][ref&slabMask] }

// room reports whether n more records fit without a new chunk, not counting
// free ones.
func (s *slab) room(n int) bool { return len(s.chunks)<<slabShift-int(s.next) >= n }

func (s *slab) take() uint32 {
	if s.free != 0 {
		ref := s.free - 1
		s.free = s.at(ref).slug
		return ref
	}
	s.next++
	return s.next - 1
}

func (s *slab) give(ref uint32) {
	*s.at(ref) = record{slug: s.free}
	s.free = ref + 1
}

func (s *slab) bytes() int64 { return int64(len(s.chunks)) << slabShift * 48 }
