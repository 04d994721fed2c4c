package tenantcache

import "strings"

const (
	textShift = 16 // bytes of a chunk, as a power of two
	textSpare = batchSize * maxText
	maxText   = 255
)

// texts keeps short strings without a pointer each. What was added never
// changes, so a part of a chunk may be kept as a string; it keeps the chunk.
type texts struct {
	chunks     []string // what is written so far
	unused     []uint32 // chunks given up
	open       *strings.Builder
	at         uint32           // the chunk of open
	spare      *strings.Builder // the next one
	live, dead int              // bytes
}

func newChunk() *strings.Builder {
	b := new(strings.Builder)
	b.Grow(1 << textShift)
	return b
}

// prepare makes room for a batch, so that nothing is allocated while readers
// wait.
func (x *texts) prepare() {
	if x.spare == nil && (x.open == nil || x.open.Cap()-x.open.Len() < textSpare) {
		x.spare = newChunk()
	}
}

func (x *texts) get(ref uint32, n uint8) string {
	at := ref & (1<<textShift - 1)
	return x.chunks[ref>>textShift][at : at+uint32(n)]
}

// add keeps a copy of s, of up to maxText bytes.
func (x *texts) add(s string) uint32 {
	if s == "" {
		return 0
	}
	if x.open == nil || x.open.Len()+len(s) > 1<<textShift {
		x.next()
	}
	offset := uint32(x.open.Len())
	x.open.WriteString(s)
	x.chunks[x.at] = x.open.String()
	x.live += len(s)
	return x.at<<textShift | offset
}

func (x *texts) next() {
	x.open, x.spare = x.spare, nil
	if n := len(x.unused); n > 0 {
		x.at, x.unused = x.unused[n-1], x.unused[:n-1]
		return
	}
	x.at = uint32(len(x.chunks))
	x.chunks = append(x.chunks, "")
}

// drop gives up n bytes somewhere.
func (x *texts) drop(n uint8) { x.live, x.dead = x.live-int(n), x.dead+int(n) }

// wasteful reports whether most of the memory is given up.
func (x *texts) wasteful() bool { return x.dead > x.live && x.dead > 1<<textShift }

func (x *texts) bytes() int64 { return int64(len(x.chunks)-len(x.unused)) << textShift }
