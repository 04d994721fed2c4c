package export

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// maxLine bounds a line, and so what a reader holds of a stream.
const maxLine = 16 << 20

// Reader reads a stream and checks everything that can be checked without a
// database. Rows are handed out before the trailer was reached: whoever uses
// them must be able to take that back.
type Reader struct {
	in      *bufio.Reader
	sum     hash.Hash // of every byte before the current line
	number  int       // of the current line, for errors
	kept    []byte    // the current line, if it is longer than in's buffer
	digest  cell.Digester
	inside  bool // a section
	summary Summary
}

// NewReader reads the header, and refuses what is not this format or newer
// than this program.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, writeBuffer), sum: sha256.New()}
	text, err := r.next()
	if err != nil {
		return nil, err
	}
	var first struct{ Header *Header }
	// Not strictly: a newer version may have more members, and is to be called newer.
	if err := json.Unmarshal(text, &first); err != nil || first.Header == nil || first.Header.Format != Format {
		return nil, fault.Wrap(err, fault.Malformed, "this is not an export of a tenant")
	}
	if v := first.Header.Version; v > Version || v < 1 {
		return nil, fault.New(fault.Invalid, "the export has format version %d; this program reads versions up to %d", v, Version)
	}
	r.summary.Header = *first.Header
	return r, nil
}

// Header is the stream's header. Nothing vouches for it yet.
func (r *Reader) Header() Header { return r.summary.Header }

// Summary is what was read so far.
func (r *Reader) Summary() Summary { return r.summary }

// NextSection reads up to the beginning of the next section. It returns io.EOF
// once the trailer was read, which holds, and nothing follows it.
func (r *Reader) NextSection() (cell.Section, error) {
	l, err := r.control()
	if err != nil {
		return cell.Section{}, err
	}
	switch {
	case r.inside:
		return cell.Section{}, r.broken("a section was not read to its end")
	case l.Trailer != nil:
		return cell.Section{}, r.finish(*l.Trailer)
	case l.Section == nil:
		return cell.Section{}, r.broken("a section or the trailer should stand here")
	}
	next := cell.Section{Table: l.Section.Table, Columns: l.Section.Columns}
	for _, s := range r.summary.Sections {
		if s.Table == next.Table {
			return next, r.broken("the table has a section already")
		}
	}
	r.inside, r.digest = true, cell.Digester{}
	r.summary.Sections = append(r.summary.Sections, SectionSummary{Section: next})
	return next, nil
}

// NextRow returns the text of the section's next row, valid until the next
// call. It returns io.EOF at the end of the section, whose digest holds.
func (r *Reader) NextRow() ([]byte, error) {
	if !r.inside {
		return nil, r.broken("no section was begun")
	}
	text, err := r.next()
	if err != nil {
		return nil, err
	}
	if row, ok := bytes.CutPrefix(text, []byte(rowStart)); ok {
		row = row[:len(row)-1]
		if text[len(text)-1] != rowEnd || len(row) == 0 || row[0] != '{' || !json.Valid(row) {
			return nil, r.broken("the row is not a JSON object")
		}
		r.digest.Add(row)
		return row, nil
	}
	l, err := r.parse(text)
	if err != nil {
		return nil, err
	}
	if l.End == nil {
		return nil, r.broken("a row or the end of the section should stand here")
	}
	d := r.digest.Digest()
	if *l.End != endOf(d) {
		return nil, r.broken("the section's rows are not those that were written: number or digest differ")
	}
	r.inside = false
	r.summary.Sections[len(r.summary.Sections)-1].Digest = d
	r.summary.Rows += d.Rows
	return nil, io.EOF
}

// finish checks the trailer.
func (r *Reader) finish(t trailer) error {
	sum := r.sum.Sum(nil)
	if t.Sections != len(r.summary.Sections) || t.Rows != r.summary.Rows || t.SHA256 != hex.EncodeToString(sum) {
		return r.broken("the export is not what was written: its trailer counts or digests something else")
	}
	if signer := r.summary.Header.Signer; signer != "" {
		key, err := ParseKey(signer)
		if err != nil || !ed25519.Verify(key, signed(sum), t.Signature) {
			return r.broken("the signature is not that of the signer")
		}
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return r.broken("something follows the trailer")
	}
	return io.EOF
}

// control reads a line that is no row.
func (r *Reader) control() (line, error) {
	text, err := r.next()
	if err != nil {
		return line{}, err
	}
	return r.parse(text)
}

func (r *Reader) parse(text []byte) (line, error) {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil || decoder.More() {
		return l, r.broken("the line is not of this format")
	}
	return l, nil
}

// next returns the next line without its line feed. What it returned before
// goes into the sum now, so that the trailer's own line does not.
func (r *Reader) next() ([]byte, error) {
	if r.number > 0 {
		_, _ = r.sum.Write(r.kept) // a hash takes everything
	}
	r.number++
	r.kept = r.kept[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.kept = append(r.kept, part...)
		switch {
		case err == nil:
			return r.kept[:len(r.kept)-1], nil
		case errors.Is(err, bufio.ErrBufferFull) && len(r.kept) < maxLine:
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, r.broken("the line is too long")
		case errors.Is(err, io.EOF):
			return nil, r.broken("the export ends before its trailer")
		default:
			return nil, err
		}
	}
}

func (r *Reader) broken(what string) error {
	return fault.New(fault.Malformed, "the export is broken at line %d: %s", r.number, what)
}

// Check reads a stream to its end, and so checks all of it but for whose
// signature it has to be.
func Check(in io.Reader) (Summary, error) {
	r, err := NewReader(in)
	for err == nil {
		if _, err = r.NextSection(); err != nil {
			break
		}
		for err == nil {
			_, err = r.NextRow()
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if errors.Is(err, io.EOF) {
		return r.Summary(), nil
	}
	return Summary{}, err
}
