package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
)

// shelf keeps events, once it is opened.
type shelf struct {
	opened chan struct{}
	mu     sync.Mutex
	sizes  []int
	kept   map[string]bool
	refuse func(events []controlplane.BillingEvent) error
}

func (s *shelf) Receive(_ context.Context, _ string, events []controlplane.BillingEvent) (fresh int, err error) {
	s.mu.Lock()
	s.sizes = append(s.sizes, len(events))
	s.mu.Unlock()
	<-s.opened
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(events); err != nil {
			return 0, err
		}
	}
	for _, e := range events {
		if !s.kept[e.ID] {
			s.kept[e.ID] = true
			fresh++
		}
	}
	return fresh, nil
}

func (*shelf) Reconciled(context.Context) (time.Time, error)  { return time.Time{}, nil }
func (*shelf) SetReconciled(context.Context, time.Time) error { return nil }

// takeAll takes n events: two get a statement each, the others come while those
// are under way.
func (s *shelf) takeAll(t *testing.T, n int) (errs []error, woken int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.opened, s.kept = make(chan struct{}), map[string]bool{}
		inbox := billing.NewInbox(s, func() { s.mu.Lock(); defer s.mu.Unlock(); woken++ })
		errs = make([]error, n)
		for i := range n {
			go func() { errs[i] = inbox.Take(t.Context(), controlplane.BillingEvent{ID: fmt.Sprint("evt_", i)}) }()
			synctest.Wait()
		}
		close(s.opened)
		synctest.Wait()
	})
	return errs, woken
}

func TestEventsShareStatements(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	errs, woken := s.takeAll(t, 400)
	if err := errors.Join(errs...); err != nil || len(s.kept) != 400 || woken != 4 {
		t.Errorf("%v, %d kept, woken %d times", err, len(s.kept), woken)
	}
	sizes := slices.Sorted(slices.Values(s.sizes))
	if want := []int{1, 1, 142, 256}; !slices.Equal(sizes, want) {
		t.Errorf("statements of %v events, want %v", sizes, want)
	}
}

// An event that cannot be kept is refused; those that came with it are kept.
func TestAnEventThatCannotBeKeptHarmsNoOther(t *testing.T) {
	t.Parallel()
	s := &shelf{refuse: func(events []controlplane.BillingEvent) error {
		for _, e := range events {
			if e.ID == "evt_7" {
				return errors.New("no such encoding")
			}
		}
		return nil
	}}
	errs, _ := s.takeAll(t, 20)
	for i, err := range errs {
		if (err != nil) != (i == 7) {
			t.Errorf("event %d: %v", i, err)
		}
	}
	if len(s.kept) != 19 {
		t.Errorf("%d kept", len(s.kept))
	}
}

// While the database is down everybody is told, and it is not asked for each.
func TestEventsWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	s := &shelf{refuse: func([]controlplane.BillingEvent) error { return fault.New(fault.Unavailable, "down") }}
	errs, woken := s.takeAll(t, 50)
	for i, err := range errs {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("event %d: %v", i, err)
		}
	}
	if woken != 0 || len(s.sizes) != 3 {
		t.Errorf("woken %d times by %d statements", woken, len(s.sizes))
	}
}

// Whoever goes away leaves its event to be kept, and those that came with it.
func TestARequestThatEndsTakesNothingAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{opened: make(chan struct{}), kept: map[string]bool{}}
		inbox := billing.NewInbox(s, func() {})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := inbox.Take(ctx, controlplane.BillingEvent{ID: "evt_1"}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		close(s.opened)
		if err := inbox.Take(t.Context(), controlplane.BillingEvent{ID: "evt_2"}); err != nil || len(s.kept) != 2 {
			t.Errorf("%v, %d kept", err, len(s.kept))
		}
	})
}
