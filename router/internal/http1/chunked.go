package http1

// Chunks decodes the chunked coding (RFC 9112 §7.1) piece by piece. The zero
// value is at the start of a body. Chunk extensions and trailers are read,
// bounded and dropped.
type Chunks struct {
	state   chunkState
	left    uint64 // of the current chunk's data
	digits  int
	skipped int // octets of extensions or trailers so far
	line    int // octets of the current trailer line
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	chunkTrailer
	chunkTrailerLF
	chunkDone
)

const (
	maxChunkDigits  = 15 // of a size in hexadecimal
	maxChunkSkipped = 8 << 10
)

// Done reports whether the body has ended.
func (c *Chunks) Done() bool { return c.state == chunkDone }

// Next decodes from b. It returns a run of body data, a view of b that may be
// empty, and how much of b was used; call again with what is left until that
// is nothing or the body is Done.
func (c *Chunks) Next(b []byte) (data []byte, used int, err error) {
	for used < len(b) && c.state != chunkDone {
		if c.state == chunkData {
			n := min(c.left, uint64(len(b)-used))
			data = b[used : used+int(n)]
			used += len(data)
			if c.left -= n; c.left == 0 {
				c.state = chunkDataCR
			}
			return data, used, nil
		}
		if err := c.step(b[used]); err != nil {
			return nil, used, err
		}
		used++
	}
	return nil, used, nil
}

// step takes one octet that is not data.
func (c *Chunks) step(b byte) error {
	switch c.state {
	case chunkSize:
		return c.sizeOctet(b)
	case chunkExtension:
		if b == '\r' {
			c.state = chunkSizeLF
			return nil
		}
		return c.skip(b)
	case chunkSizeLF:
		return c.sizeEnd(b)
	case chunkDataCR:
		return c.expect(b, '\r', chunkDataLF)
	case chunkDataLF:
		c.digits, c.left = 0, 0
		return c.expect(b, '\n', chunkSize)
	case chunkTrailer:
		if b == '\r' {
			c.state = chunkTrailerLF
			return nil
		}
		c.line++
		return c.skip(b)
	default: // chunkTrailerLF
		if c.line == 0 {
			return c.expect(b, '\n', chunkDone)
		}
		c.line = 0
		return c.expect(b, '\n', chunkTrailer)
	}
}

func (c *Chunks) sizeOctet(b byte) error {
	digit := hexValue(b)
	switch {
	case digit < 16:
		if c.digits++; c.digits > maxChunkDigits {
			return errChunk
		}
		c.left = c.left<<4 | uint64(digit)
		return nil
	case c.digits == 0:
		return errChunk
	case b == '\r':
		c.state = chunkSizeLF
	case b == ';':
		c.state = chunkExtension
	default:
		return errChunk // white space as well: some read past it, some do not
	}
	return nil
}

func (c *Chunks) sizeEnd(b byte) error {
	if c.left == 0 {
		return c.expect(b, '\n', chunkTrailer)
	}
	return c.expect(b, '\n', chunkData)
}

func (c *Chunks) expect(b, want byte, next chunkState) error {
	if b != want {
		return errChunk
	}
	c.state = next
	return nil
}

// skip counts an octet of an extension or trailer.
func (c *Chunks) skip(b byte) error {
	if classes[b]&isValue == 0 {
		return errTrailer
	}
	if c.skipped++; c.skipped > maxChunkSkipped {
		return errTrailer
	}
	return nil
}

func hexValue(b byte) byte {
	switch {
	case '0' <= b && b <= '9':
		return b - '0'
	case 'a' <= b && b <= 'f':
		return b - 'a' + 10
	case 'A' <= b && b <= 'F':
		return b - 'A' + 10
	}
	return 0xff
}
