package view

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Bar is the progress of something that is counted. Any goroutine may call it.
type Bar struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	what  string
	begun time.Time
	first int // what was done already when it began
	shown time.Time
	dirty bool
}

// NewBar makes a bar.
func NewBar(out io.Writer, terminal bool) *Bar { return &Bar{out: out, terminal: terminal} }

// Show shows how far it is, a few times a second.
func (b *Bar) Show(what string, done, of int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if what != b.what {
		b.what, b.begun, b.first = what, now, done
	}
	every := quietEvery
	if b.terminal {
		every = showEvery
	}
	if now.Sub(b.shown) < every && done < of {
		return
	}
	b.shown = now
	rate := float64(done-b.first) / max(now.Sub(b.begun).Seconds(), 0.001)
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(of-done) / rate * float64(time.Second)).Round(time.Second).String()
	}
	end := "\n"
	if b.terminal {
		end, b.dirty = "", true
		_, _ = io.WriteString(b.out, "\r\x1b[K")
	}
	_, _ = fmt.Fprintf(b.out, "%s %s %d of %d, %.0f/s, %s left%s", drawn(float64(done)/float64(max(1, of))), what, done, of, rate, left, end)
}

const showEvery = 200 * time.Millisecond

// End leaves the line.
func (b *Bar) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dirty {
		_, _ = io.WriteString(b.out, "\n")
		b.dirty = false
	}
}
