package testkit

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// Lasting stands for the test where what it makes outlives one: it is shared by
// a package's tests, and cleaned up in End, which is for [Main]. A failure has
// no test to fail, so it is a panic.
type Lasting struct {
	testing.TB // nil: what is not below is not to be had

	Owner string // in names of databases

	mu       sync.Mutex
	cleanups []func()
}

// Name implements testing.TB.
func (l *Lasting) Name() string { return l.Owner }

// Helper implements testing.TB.
func (l *Lasting) Helper() {}

// Context implements testing.TB. It does not end.
func (l *Lasting) Context() context.Context { return context.Background() }

// Failed implements testing.TB.
func (l *Lasting) Failed() bool { return false }

// Logf implements testing.TB.
func (l *Lasting) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Errorf implements testing.TB.
func (l *Lasting) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Fatalf implements testing.TB.
func (l *Lasting) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Fatal implements testing.TB.
func (l *Lasting) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// Cleanup implements testing.TB: f is called in End.
func (l *Lasting) Cleanup(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cleanups = append(l.cleanups, f)
}

// TempDir implements testing.TB.
func (l *Lasting) TempDir() string {
	dir, err := os.MkdirTemp("", l.Owner+"-")
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			l.Fatal(err)
		}
	})
	return dir
}

// End cleans up, the latest first.
func (l *Lasting) End() {
	l.mu.Lock()
	cleanups := l.cleanups
	l.cleanups = nil
	l.mu.Unlock()
	for _, cleanup := range slices.Backward(cleanups) {
		cleanup()
	}
}
