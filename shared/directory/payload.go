package directory

import "encoding/binary"

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// payload is what is left of a block, as bytes and as the same bytes in a
// string, of which strings are parts. A read past its end sets bad and returns
// zero values, so that a decoder checks once at the end.
type payload struct {
	b   []byte
	s   string
	bad bool
}

func (p *payload) fail() { p.bad, p.b, p.s = true, nil, "" }

func (p *payload) skip(n int) { p.b, p.s = p.b[n:], p.s[n:] }

func (p *payload) uvarint() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail()
		return 0
	}
	p.skip(n)
	return v
}

// bytes returns the next n bytes, which stay part of the block.
func (p *payload) bytes(n int) []byte {
	if len(p.b) < n {
		p.fail()
		return make([]byte, n)
	}
	out := p.b[:n]
	p.skip(n)
	return out
}

// string returns the next string, a part of the block's.
func (p *payload) string() string {
	n := p.uvarint()
	if n > uint64(len(p.s)) {
		p.fail()
		return ""
	}
	out := p.s[:n]
	p.skip(int(n))
	return out
}
