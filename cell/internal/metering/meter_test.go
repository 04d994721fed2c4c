package metering_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/metering"
	"github.com/coditect/platform/shared/tenancy"
)

// book records batches like the store, and fails when it is told to, after or
// before the batch was recorded.
type book struct {
	fail     func(tenancy.ID) error
	recorded map[string]cell.UsageBatch
}

func (b *book) RecordUsage(_ context.Context, batch cell.UsageBatch) error {
	if err := b.fail(batch.Tenant); err != nil && !errors.Is(err, errLate) {
		return err
	}
	b.recorded[batch.ID.String()] = batch
	return b.fail(batch.Tenant)
}

func (b *book) sum(id tenancy.ID) (sum int64) {
	for _, batch := range b.recorded {
		for _, item := range batch.Items {
			if batch.Tenant == id {
				sum += item.Quantity
			}
		}
	}
	return sum
}

var errLate = errors.New("the connection was lost behind the commit")

func TestCallsAreNeitherLostNorCountedTwice(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)
	var failure error
	b := &book{recorded: map[string]cell.UsageBatch{}, fail: func(tenancy.ID) error { return failure }}
	m := metering.Meter{Recorder: b, Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return now }}
	id := tenancy.NewID()
	for _, failure = range []error{errLate, errors.New("no database"), cell.RefusedFrozen(), errLate, nil, nil} {
		m.Call(id)
		m.Call(id)
		now = now.Add(time.Minute)
		_ = m.RunOnce(t.Context()) // it is what the loop logs
	}
	failure = nil
	if err := m.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.sum(id); got != 12 {
		t.Errorf("%d calls recorded, want 12", got)
	}
}

func TestCallsOfATenantThatLeftDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	gone, here := tenancy.NewID(), tenancy.NewID()
	departed := cell.Fence{State: cell.Departed, Epoch: 1, MovedTo: "b", MovedEpoch: 2}.CheckWrite(0)
	b := &book{recorded: map[string]cell.UsageBatch{}, fail: func(id tenancy.ID) error {
		if id == gone {
			return departed
		}
		return nil
	}}
	late := &leavings{}
	m := metering.Meter{Recorder: b, Leavings: late, Log: slog.New(slog.DiscardHandler), Clock: time.Now}
	m.Call(gone)
	m.Call(here)
	late.fail = errLate
	if err := m.RunOnce(t.Context()); !errors.Is(err, errLate) {
		t.Fatal(err)
	}
	late.fail = nil
	for range 2 {
		if err := m.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.fail = func(tenancy.ID) error { return nil }
	if err := m.RunOnce(t.Context()); err != nil || b.sum(here) != 1 || b.sum(gone) != 0 {
		t.Errorf("%v: %d and %d", err, b.sum(here), b.sum(gone))
	}
	if len(late.kept) != 2 || late.kept[0].ID != late.kept[1].ID || late.kept[0].Tenant != gone || late.kept[0].Items[0].Quantity != 1 {
		t.Errorf("kept: %+v", late.kept) // the same batch, the second time for good
	}
}

// leavings keeps late batches, also when it says that it could not.
type leavings struct {
	metering.Leavings
	fail error
	kept []cell.UsageBatch
}

func (l *leavings) KeepLate(_ context.Context, batch cell.UsageBatch) error {
	l.kept = append(l.kept, batch)
	return l.fail
}
