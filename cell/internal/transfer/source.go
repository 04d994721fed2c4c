package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/transfer/frame"
	"github.com/coditect/platform/shared/fault"
)

// Sources finds the source of an import. It is an interface because use-cases
// do not know the network.
type Sources interface {
	Source(i cell.Import) Source
	Files(i cell.Import) FileSource
}

// Offer is the source's snapshot, and what is under it.
type Offer struct {
	Snapshot    cell.Snapshot
	Rows, Bytes int64 // estimates
}

// Source is the cell from which an import comes. The bodies are frames, but for
// the digests' lines.
type Source interface {
	Snapshot(ctx context.Context) (Offer, error)
	CopyTable(ctx context.Context, table, snapshot string, from []string) (io.ReadCloser, error)
	Changes(ctx context.Context, after cell.Position) (io.ReadCloser, error)
	Acknowledge(ctx context.Context, position cell.Position) error
	// Digests are those of some rows, or with nil of all. Of all, and with
	// atPosition, the first line is the position at which they are.
	Digests(ctx context.Context, rows []cell.TableRows, atPosition bool) (io.ReadCloser, error)
}

// brokenOff is what a stream that ends without having said so comes to: it is
// begun again.
func brokenOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Wrap(err, fault.Unavailable, "the source broke the stream off")
	}
	return err
}

// problemOf reads an Error frame. A failure of the source's own says nothing of
// what another try comes to.
func problemOf(payload []byte) error {
	problem := fault.ReadProblem(0, nil, bytes.NewReader(payload))
	if problem.Code == fault.Internal {
		return fault.Wrap(problem, fault.BadGateway, "something went wrong at the source; its log says what")
	}
	return problem
}

// chunks reads the chunks of a table. As an io.Reader it is the data of one.
type chunks struct {
	frames *frame.Reader
	data   []byte
	end    *cell.ChunkEnd
	err    error
}

// Read implements [io.Reader]; io.EOF is the end of a chunk.
func (c *chunks) Read(p []byte) (int, error) {
	for len(c.data) == 0 && c.end == nil && c.err == nil {
		c.err = c.advance()
	}
	if c.err != nil {
		return 0, c.err
	}
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.data)
	c.data = c.data[n:]
	return n, nil
}

func (c *chunks) advance() error {
	kind, payload, err := c.frames.Next()
	switch {
	case err != nil:
		return brokenOff(err)
	case kind == frame.Error:
		return problemOf(payload)
	case kind == frame.Data:
		c.data = payload
	case kind == frame.End:
		c.end = &cell.ChunkEnd{}
		return json.Unmarshal(payload, c.end)
	}
	return nil
}

// next ends the chunk, whose data must have been read, and goes on to the one
// after.
func (c *chunks) next() (cell.ChunkEnd, error) {
	if c.end == nil {
		return cell.ChunkEnd{}, errors.New("a chunk's data was not read to its end")
	}
	end := *c.end
	c.end = nil
	return end, nil
}

// digestLine is a line of the digests' answer.
type digestLine struct {
	Position *cell.Position `json:"position"`
	Error    string         `json:"error"`
	cell.TableDigest
}

// readDigests returns the digests of some rows.
func readDigests(ctx context.Context, source Source, rows []cell.TableRows) ([]cell.TableDigest, error) {
	body, err := source.Digests(ctx, rows, false)
	if err != nil {
		return nil, err
	}
	defer closeBody(body)
	return restOfDigests(json.NewDecoder(body))
}

func restOfDigests(lines *json.Decoder) ([]cell.TableDigest, error) {
	var digests []cell.TableDigest
	for {
		line, err := nextDigest(lines)
		if errors.Is(err, io.EOF) {
			return digests, nil
		}
		if err != nil {
			return nil, err
		}
		digests = append(digests, line.TableDigest)
	}
}

func nextDigest(lines *json.Decoder) (digestLine, error) {
	var line digestLine
	if err := lines.Decode(&line); err != nil {
		return line, err
	}
	if line.Error != "" {
		return line, fault.New(fault.Unavailable, "the source: %s", line.Error)
	}
	return line, nil
}

// closeBody: what is left unread is of no use.
func closeBody(body io.Closer) { _ = body.Close() }
