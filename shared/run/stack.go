package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Stack collects what must be stopped, in the order in which it was started.
// The zero value is ready.
type Stack struct {
	mu    sync.Mutex
	stops []stop
}

type stop struct {
	name string
	fn   func(context.Context) error
}

// Push adds a part to stop. Name appears in the error of [Stack.Unwind].
func (s *Stack) Push(name string, fn func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, stop{name, fn})
}

// PushClose adds a part whose stop neither waits nor fails.
func (s *Stack) PushClose(name string, fn func()) {
	s.Push(name, func(context.Context) error { fn(); return nil })
}

// Unwind stops every part, last in first out, each with what is left of ctx.
// A part that fails does not keep the others from being stopped. A second call
// does nothing.
func (s *Stack) Unwind(ctx context.Context) error {
	s.mu.Lock()
	stops := s.stops
	s.stops = nil
	s.mu.Unlock()
	var errs []error
	for i := len(stops) - 1; i >= 0; i-- {
		if err := stops[i].fn(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", stops[i].name, err))
		}
	}
	return errors.Join(errs...)
}
