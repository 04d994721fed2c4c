package citus_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

var today = cell.Day(time.Now())

func batchOf(a cell.Arrival, quantity int64) cell.UsageBatch {
	return cell.UsageBatch{ID: uuid.New(), Tenant: a.TenantID, Items: []cell.Usage{
		{Metric: cell.APICalls, Day: today, Quantity: quantity}, {Metric: cell.APICalls, Day: today.AddDate(0, 0, -1), Quantity: 1},
	}}
}

// Batches of several processes at once, each sent twice, count once, and their
// numbers have no gaps.
func TestUsageIsRecordedOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	must(t, db.store.RecordUsage(t.Context(), batchOf(other, 1000)))
	var all sync.WaitGroup
	const batches = 8
	for range batches {
		batch := batchOf(a, 5)
		for range 2 {
			all.Go(func() {
				if err := db.store.RecordUsage(t.Context(), batch); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	days, err := db.store.ListUsage(t.Context(), by(a, cell.UsageRead), cell.UsageSpan{From: today, To: today})
	must(t, err)
	if len(days) != 1 || days[0] != (cell.Usage{Metric: cell.APICalls, Day: today, Quantity: 5 * batches}) {
		t.Errorf("%+v", days)
	}
	var read []cell.UsageRow
	for after := int64(0); ; after = read[len(read)-1].Sequence {
		rows, err := db.mover.UsageSince(t.Context(), cell.UsageHead{Tenant: a.TenantID, Epoch: 1, Sequence: after}, 3)
		must(t, err)
		if read = append(read, rows...); len(rows) < 3 {
			break
		}
	}
	for i, row := range read {
		if row.Sequence != int64(i+1) {
			t.Fatalf("row %d has the number %d", i, row.Sequence)
		}
	}
	if len(read) != 2*batches {
		t.Errorf("%d rows", len(read))
	}
	heads, err := db.mover.UsageHeads(t.Context(), cell.UsageHead{}, 10)
	must(t, err)
	if len(heads) != 2 || heads[0].Sequence+heads[1].Sequence != 2*batches+2 {
		t.Errorf("%+v", heads)
	}
	next, err := db.mover.UsageHeads(t.Context(), heads[0], 10)
	must(t, err)
	if len(next) != 1 || next[0] != heads[1] {
		t.Errorf("behind %+v: %+v", heads[0], next)
	}
}

func TestADayIsClosedOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	_, err := db.addWorkspace(t.Context(), a, "0123456789")
	must(t, err)
	for range 3 {
		must(t, db.store.CloseUsageDay(t.Context(), a.TenantID, today))
	}
	days, err := db.store.ListUsage(t.Context(), by(a, cell.UsageRead), cell.UsageSpan{From: today, To: today})
	must(t, err)
	got := map[cell.Metric]int64{}
	for _, u := range days {
		got[u.Metric] = u.Quantity
	}
	want := int64(len("0123456789") + len(a.OwnerName) + len(a.OwnerEmail))
	if len(days) != 3 || got[cell.Seats] != 1 || got[cell.StorageBytes] != want || got[cell.JobsDone] != 0 {
		t.Errorf("%+v, want %d bytes", days, want)
	}
}

func TestUsageWaitsForTheFence(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	must(t, db.mover.CloseGate(t.Context(), a.TenantID))
	var refused *cell.Refused
	if err := db.store.RecordUsage(t.Context(), batchOf(a, 1)); !errors.As(err, &refused) {
		t.Errorf("behind a closed gate: %v", err)
	}
}
