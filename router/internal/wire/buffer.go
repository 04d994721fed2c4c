package wire

import (
	"errors"
	"sync"
)

// Sizes of pooled buffers, in octets. Most headers fit the small one.
const (
	SmallBuffer = 4 << 10
	LargeBuffer = 32 << 10
)

// Buffer is a pooled buffer.
type Buffer struct {
	B     []byte
	large bool
}

var (
	small = sync.Pool{New: func() any { return &Buffer{B: make([]byte, SmallBuffer)} }}
	large = sync.Pool{New: func() any { return &Buffer{B: make([]byte, LargeBuffer), large: true} }}
)

// GetSmall returns a buffer of SmallBuffer octets.
func GetSmall() *Buffer { return small.Get().(*Buffer) }

// GetLarge returns a buffer of LargeBuffer octets.
func GetLarge() *Buffer { return large.Get().(*Buffer) }

// Put gives the buffer back.
func (b *Buffer) Put() {
	if b.large {
		large.Put(b)
		return
	}
	small.Put(b)
}

// ErrFull says that a message's header does not fit the largest buffer.
var ErrFull = errors.New("wire: the header is larger than the buffer")
