package directory

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/coditect/platform/shared/fault"
)

// lineReader cuts a stream into lines, of which none can be longer than
// MaxImportLine in memory.
type lineReader struct {
	in   *bufio.Reader
	line int64
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, MaxImportLine)}
}

// batch returns up to n lines, parsed, those that are wrong settled as failed;
// none at the end of the stream.
func (l *lineReader) batch(n int) ([]*item, error) {
	var batch []*item
	for len(batch) < n {
		raw, err := l.in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.in.ReadSlice('\n')
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return nil, err
		}
		l.line++
		if it := l.item(raw, long); it != nil {
			batch = append(batch, it)
		}
		if end {
			break
		}
	}
	return batch, nil
}

// item parses a line; blank lines are none.
func (l *lineReader) item(raw []byte, long bool) *item {
	it := &item{line: l.line}
	if long {
		it.fail(fault.New(fault.TooLarge, "the line is longer than %d bytes", MaxImportLine))
		return it
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return nil
	}
	var err error
	if it.in, err = ParseImportLine(raw); err != nil {
		it.fail(err)
	}
	it.tenant.Slug = it.in.Slug
	return it
}
