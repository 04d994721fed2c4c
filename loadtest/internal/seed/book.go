package seed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"

	"github.com/coditect/platform/loadtest/internal/tenants"
)

// book is the file of whole tenants and the journal of those that are not yet.
type book struct {
	mu      sync.Mutex
	file    *os.File
	journal *os.File
	out     [2]*bufio.Writer // of file and journal
	done    int              // tenants in the file
	pending []tenants.Tenant // in the journal only
	next    int              // number of the next tenant to import
}

const journalSuffix = ".journal"

func openBook(path string) (b *book, err error) {
	b = &book{}
	if b.file, err = openWhole(path); err != nil {
		return nil, err
	}
	if b.journal, err = openWhole(path + journalSuffix); err != nil {
		return nil, errors.Join(err, b.file.Close())
	}
	b.out = [2]*bufio.Writer{bufio.NewWriter(b.file), bufio.NewWriter(b.journal)}
	if err := b.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("seed: %s: %w", path, err), b.close())
	}
	return b, nil
}

// openWhole opens a file to append to. An unfinished last line, of a seeding that
// was killed, is cut off. It holds keys: it is its owner's alone.
func openWhole(path string) (*os.File, error) {
	const mode = 0o600
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, mode)
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	const most = 1 << 20 // of a line
	tail := make([]byte, min(size, most))
	if err == nil {
		_, err = f.ReadAt(tail, size-int64(len(tail)))
	}
	whole := size - int64(len(tail)) + int64(bytes.LastIndexByte(tail, '\n')) + 1
	if err == nil && whole < size {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("seed: %w", err), f.Close())
	}
	return f, nil
}

// read learns what is there. Both files are then at their ends.
func (b *book) read() error {
	complete := map[string]bool{}
	for _, f := range []*os.File{b.file, b.journal} {
		all, err := tenants.Read(f, 0)
		if err != nil && !errors.Is(err, tenants.ErrShort) {
			return err
		}
		for _, t := range all {
			b.next = max(b.next, number(t.Slug)+1)
			switch {
			case f == b.file:
				complete[t.Slug] = true
				b.done++
			case !complete[t.Slug]:
				b.pending = append(b.pending, t)
			}
		}
		if _, err := f.Seek(0, io.SeekEnd); err != nil {
			return err
		}
	}
	return nil
}

var trailing = regexp.MustCompile(`-(\d+)$`)

// number is that of a seeded tenant; -1 if it is none.
func number(slug string) int {
	m := trailing.FindStringSubmatch(slug)
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return -1
	}
	return n
}

// known is how many tenants there are, whole or not.
func (b *book) known() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done + len(b.pending)
}

func (b *book) waiting() []tenants.Tenant { return b.pending }

// keep notes a tenant that was made; whole says that it needs nothing more.
func (b *book) keep(t *tenants.Tenant, whole bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := 0
	if whole {
		b.done++
	} else {
		to = 1
		b.pending = append(b.pending, *t)
	}
	return b.line(to, t)
}

// whole notes that a tenant of the journal is complete.
func (b *book) whole(t *tenants.Tenant) (done int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	return b.done, b.line(0, t)
}

func (b *book) line(to int, t *tenants.Tenant) error {
	text, err := json.Marshal(t)
	if err == nil {
		_, err = b.out[to].Write(append(text, '\n'))
	}
	return err
}

func (b *book) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Join(b.out[0].Flush(), b.out[1].Flush())
}

// finish removes the journal once the file has everything.
func (b *book) finish(count int) error {
	if err := b.flush(); err != nil {
		return err
	}
	if b.done < count {
		return fmt.Errorf("seed: %d of %d tenants are whole", b.done, count)
	}
	return remove(b.journal.Name())
}

func (b *book) close() error {
	return errors.Join(b.flush(), b.file.Close(), b.journal.Close())
}
