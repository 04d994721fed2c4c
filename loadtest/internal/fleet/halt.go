package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Kill ends a part with SIGKILL, with the processes that it started.
func (f *Fleet) Kill(ctx context.Context, part string) error { return f.Platform.Kill(ctx, part) }

// Restart starts a part that was killed, as its supervisor would.
func (f *Fleet) Restart(ctx context.Context, part string) error {
	return f.Platform.Start(ctx, part)
}

// Halt stops a part and all its processes with SIGSTOP, until Continue.
func (f *Fleet) Halt(part string) error { return f.signal(part, syscall.SIGSTOP) }

// Continue lets a halted part go on.
func (f *Fleet) Continue(part string) error { return f.signal(part, syscall.SIGCONT) }

func (f *Fleet) signal(part string, signal syscall.Signal) error {
	root, known := f.Platform.State().Parts[part]
	if !known || !root.Alive() {
		return fmt.Errorf("%s does not run", part)
	}
	children, err := childrenByParent()
	if err != nil {
		return err
	}
	for queue := []int{root.PID}; len(queue) > 0; queue = queue[1:] {
		if err := syscall.Kill(queue[0], signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%s: %w", part, err)
		}
		queue = append(queue, children[queue[0]]...)
	}
	return nil
}

func childrenByParent() (map[int][]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state ppid …; the name may hold anything.
		_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
		fields := strings.Fields(rest)
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, err2 := strconv.Atoi(fields[1])
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		children[parent] = append(children[parent], pid)
	}
	return children, nil
}
