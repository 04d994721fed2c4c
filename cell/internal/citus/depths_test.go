package citus_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/cell"
)

func TestJobDepths(t *testing.T) {
	t.Parallel()
	db := open(t)
	db.live(t) // each has one job to do, in the high lane
	db.live(t)
	refs := db.due(t)
	if len(refs) != 2 {
		t.Fatalf("due: %v", refs)
	}
	db.depths(t, cell.JobDepth{Stage: cell.StagePending, Jobs: 2})
	must(t, db.relay.MarkQueued(t.Context(), refs[:1]))
	db.depths(t, cell.JobDepth{Stage: cell.StagePending, Jobs: 1}, cell.JobDepth{Stage: cell.StageQueued, Jobs: 1})
	first, _ := db.claim(t, refs[0])
	second, _ := db.claim(t, refs[1])
	db.depths(t, cell.JobDepth{Stage: cell.StageRunning, Jobs: 2})
	must(t, db.store.FailJobs(t.Context(), failed(first.Ref, time.Now().Add(time.Hour), "later")))
	query(t, db.dsn, `UPDATE jobs SET max_attempts = 1 WHERE job_id = '`+second.Job.ID.String()+`' RETURNING 'x'`)
	must(t, db.store.FailJobs(t.Context(), failed(second.Ref, time.Now(), "never")))
	db.depths(t, cell.JobDepth{Stage: cell.StageScheduled, Jobs: 1}, cell.JobDepth{Stage: cell.StageDead, Jobs: 1})
	query(t, db.dsn, `UPDATE jobs SET updated_at = now() - interval '1 hour' RETURNING 'x'`)
	for _, d := range db.depths(t, cell.JobDepth{Stage: cell.StageScheduled, Jobs: 1}, cell.JobDepth{Stage: cell.StageDead, Jobs: 1}) {
		if old := d.Oldest >= time.Hour; old != (d.Stage == cell.StageDead) {
			t.Errorf("%+v", d)
		}
	}
}

// depths checks how many jobs are in which stage of the high lane, and that
// there are no others.
func (db *database) depths(t *testing.T, want ...cell.JobDepth) []cell.JobDepth {
	t.Helper()
	got, err := db.relay.JobDepths(t.Context())
	must(t, err)
	if len(got) != len(want) {
		t.Errorf("%+v, want %+v", got, want)
		return got
	}
	for i, d := range got {
		if d.Lane != cell.HighPriority || d.Stage != want[i].Stage || d.Jobs != want[i].Jobs {
			t.Errorf("%+v, want %+v", d, want[i])
		}
	}
	return got
}
