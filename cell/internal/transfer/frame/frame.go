// Package frame is the form of the streams that the source of a migration sends
// to the target: frames of a kind, a length (32 bits, big-endian) and so many
// bytes.
//
// A copied table is, for each chunk, Data frames that make up one binary COPY,
// then an End frame (JSON of cell.ChunkEnd). A stream of changes is Message
// frames (of pgoutput), Reached frames (everything committed before a position was
// said) and Head frames (the log ends there; positions have 64 bits). A file is a
// File frame (JSON of cell.StoredFile), Data frames and an End frame (JSON of
// cell.FileEnd). An Error frame (a problem document) ends any.
package frame

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Kind says what a frame holds.
type Kind byte

// The kinds.
const (
	Data    Kind = 'd'
	End     Kind = 'e'
	Message Kind = 'm'
	Reached Kind = 'r'
	Head    Kind = 'h'
	File    Kind = 'f'
	Error   Kind = 'x'
)

// MaxLength bounds a frame: a row of Postgres is no longer.
const MaxLength = 1 << 30

const headerLength = 5

// Write writes one frame.
func Write(w io.Writer, kind Kind, payload []byte) error {
	var header [headerLength]byte
	header[0] = byte(kind)
	binary.BigEndian.PutUint32(header[1:], uint32(len(payload)))
	if _, err := w.Write(header[:]); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// Reader reads frames. Of a frame too long to be at hand at once it keeps the
// memory for the next.
type Reader struct {
	r   *bufio.Reader
	buf []byte
}

const readBuffer = 256 << 10

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, readBuffer)} }

// Next returns the next frame, which is valid until the call after. It returns
// io.EOF only between frames.
func (r *Reader) Next() (Kind, []byte, error) {
	var header [headerLength]byte
	if _, err := io.ReadFull(r.r, header[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(header[1:])
	if length > MaxLength {
		return 0, nil, fmt.Errorf("a frame of %d bytes is longer than any row", length)
	}
	if err := r.fill(int(length)); err != nil {
		return 0, nil, err
	}
	return Kind(header[0]), r.buf, nil
}

// fill grows with what arrives, not with what was announced.
func (r *Reader) fill(length int) error {
	const step = 1 << 20
	r.buf = r.buf[:0]
	for len(r.buf) < length {
		n := min(length-len(r.buf), step)
		start := len(r.buf)
		r.buf = append(r.buf, make([]byte, n)...)
		if _, err := io.ReadFull(r.r, r.buf[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
