package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/coditect/platform/shared/servers"
)

const (
	logTail    = 20
	followEach = 200 * time.Millisecond
)

func indentedTail(path string) string {
	tail := servers.Tail(path, logTail)
	if tail == "" {
		return "  (empty)"
	}
	return "  " + strings.ReplaceAll(tail, "\n", "\n  ")
}

// Logs writes the end of a part's log, or of all parts' with an empty name, a
// part's name before each line. With follow it goes on until ctx ends.
func (p *Platform) Logs(ctx context.Context, w io.Writer, name string, follow bool) error {
	parts, err := p.layout().parts(p.opts.BinDir)
	if err != nil {
		return err
	}
	if name != "" {
		one, err := findPart(parts, name)
		if err != nil {
			return err
		}
		parts = []part{one}
	}
	logs := make([]*logReader, len(parts))
	for i, pt := range parts {
		logs[i] = &logReader{name: pt.name, path: pt.spec.Log, prefix: name == ""}
		if err := logs[i].end(w); err != nil {
			return err
		}
	}
	if !follow {
		return nil
	}
	return followLogs(ctx, w, logs)
}

// followLogs asks again and again, which also finds files that appear, shrink
// or are replaced.
func followLogs(ctx context.Context, w io.Writer, logs []*logReader) error {
	ticker := time.NewTicker(followEach)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for _, log := range logs {
			if err := log.more(w); err != nil {
				return err
			}
		}
	}
}

// logReader reads one log as it grows.
type logReader struct {
	name, path string
	prefix     bool
	offset     int64
	partial    []byte // the beginning of a line that is not whole yet
}

// end writes the last lines and remembers where they end.
func (l *logReader) end(w io.Writer) error {
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	l.offset = info.Size()
	if tail := servers.Tail(l.path, logTail); tail != "" {
		return l.write(w, []byte(tail))
	}
	return nil
}

// more writes the whole lines that came since.
func (l *logReader) more(w io.Writer) error {
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	if info, err := file.Stat(); err != nil {
		return err
	} else if info.Size() < l.offset {
		l.offset, l.partial = 0, nil
	}
	fresh, err := io.ReadAll(io.NewSectionReader(file, l.offset, 1<<20))
	if err != nil || len(fresh) == 0 {
		return err
	}
	l.offset += int64(len(fresh))
	lines := append(l.partial, fresh...)
	whole := bytes.LastIndexByte(lines, '\n') + 1
	l.partial = bytes.Clone(lines[whole:])
	if whole == 0 {
		return nil
	}
	return l.write(w, lines[:whole-1])
}

func (l *logReader) write(w io.Writer, lines []byte) error {
	for line := range bytes.Lines(lines) {
		prefix := ""
		if l.prefix {
			prefix = fmt.Sprintf("%-20s ", l.name)
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", prefix, bytes.TrimRight(line, "\n")); err != nil {
			return err
		}
	}
	return nil
}
