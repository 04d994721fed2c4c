package testkit

import (
	"context"
	"testing"
	"time"
)

const (
	// testLimit bounds the context of one test, patience one wait in it. Both
	// are for a busy machine: a test that works never comes near them.
	testLimit = 5 * time.Minute
	patience  = 30 * time.Second

	pollEvery = 10 * time.Millisecond
)

// Context returns a context that ends with the test, or after five minutes.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	t.Cleanup(cancel)
	return ctx
}

// Eventually returns once the condition is met. It fails the test, saying
// what was waited for, when that takes longer than half a minute.
func Eventually(t testing.TB, what string, met func() bool) {
	t.Helper()
	if !poll(t.Context(), met) {
		t.Fatalf("waited %s for: %s", patience, what)
	}
}

// EventuallyOK returns once try succeeds. It fails the test with the last
// error when that takes longer than half a minute.
func EventuallyOK(t testing.TB, what string, try func() error) {
	t.Helper()
	var last error
	if !poll(t.Context(), func() bool { last = try(); return last == nil }) {
		t.Fatalf("waited %s for: %s: %v", patience, what, last)
	}
}

// poll is the one place where tests wait by asking again.
func poll(ctx context.Context, met func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for !met() {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}
