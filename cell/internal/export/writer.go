package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"

	"github.com/coditect/platform/cell"
)

const writeBuffer = 64 << 10

// writer makes a stream: begin, then section, row … row, endSection for each
// section, then close.
type writer struct {
	out     *bufio.Writer
	sum     hash.Hash // of every byte so far
	signer  *Signer   // nil: the stream is not signed
	digest  cell.Digester
	summary Summary
}

// begin writes the header.
func begin(out io.Writer, header Header, signer *Signer) (*writer, error) {
	w := &writer{sum: sha256.New(), signer: signer}
	w.out = bufio.NewWriterSize(io.MultiWriter(out, w.sum), writeBuffer)
	if signer != nil {
		header.Signer = signer.PublicKey()
	}
	w.summary.Header = header
	return w, w.line(line{Header: &header})
}

func (w *writer) section(s cell.Section) error {
	w.digest = cell.Digester{}
	w.summary.Sections = append(w.summary.Sections, SectionSummary{Section: s})
	return w.line(line{Section: &section{Table: s.Table, Columns: s.Columns}})
}

func (w *writer) row(text []byte) error {
	w.digest.Add(text)
	_, _ = w.out.WriteString(rowStart) // an error of the first two is the third's, too
	_, _ = w.out.Write(text)
	_, err := w.out.WriteString("}\n")
	return err
}

func (w *writer) endSection() error {
	d := w.digest.Digest()
	w.summary.Sections[len(w.summary.Sections)-1].Digest = d
	w.summary.Rows += d.Rows
	closing := endOf(d)
	return w.line(line{End: &closing})
}

// close writes the trailer and everything that is held back.
func (w *writer) close() error {
	if err := w.out.Flush(); err != nil {
		return err
	}
	sum := w.sum.Sum(nil)
	t := trailer{Sections: len(w.summary.Sections), Rows: w.summary.Rows, SHA256: hex.EncodeToString(sum)}
	if w.signer != nil {
		t.Signature = w.signer.sign(sum)
	}
	if err := w.line(line{Trailer: &t}); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *writer) line(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(text, '\n'))
	return err
}
