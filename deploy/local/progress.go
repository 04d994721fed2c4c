package local

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// progress tells people what happens, a line for each task that is done. On a
// terminal a last line, always rewritten, says what is being waited for.
type progress struct {
	out      io.Writer
	terminal bool

	mu      sync.Mutex
	waiting []string
}

func newProgress(out io.Writer) *progress {
	file, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && isTerminal(file)}
}

func isTerminal(file *os.File) bool {
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// begin says that a task began; the function it returns, how it ended.
func (p *progress) begin(name, detail string) (end func(error)) {
	begun := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, name)
	p.drawWaiting()
	return func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting = slices.DeleteFunc(p.waiting, func(other string) bool { return other == name })
		p.clear()
		p.printEnd(name, detail, time.Since(begun), err)
		p.drawWaiting()
	}
}

func (p *progress) printEnd(name, detail string, took time.Duration, err error) {
	mark, color := "✓", "\x1b[32m"
	if err != nil {
		mark, color = "✗", "\x1b[31m"
	}
	if p.terminal {
		mark = color + mark + "\x1b[0m"
	}
	p.write("%s %-20s %-22s %5.1f s\n", mark, name, detail, took.Seconds())
}

// say prints a line, or several, for people.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.write(format+"\n", args...)
	p.drawWaiting()
}

func (p *progress) drawWaiting() {
	const most = 100 // one line of a terminal
	if !p.terminal || len(p.waiting) == 0 {
		return
	}
	line := "… " + strings.Join(p.waiting, ", ")
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most]) + " …"
	}
	p.write("\r\x1b[K%s", line)
}

func (p *progress) clear() {
	if p.terminal {
		p.write("\r\x1b[K")
	}
}

// write drops errors: nobody is left to tell.
func (p *progress) write(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...)
}
