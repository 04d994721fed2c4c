package citus_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/cell"
)

func (db *database) onlyJob(t *testing.T, a cell.Arrival) cell.Job {
	t.Helper()
	jobs, err := db.store.ListJobs(t.Context(), by(a, cell.JobsRead), "", cell.PageRequest{Limit: 10})
	if err != nil || len(jobs) != 1 {
		t.Fatalf("jobs: %v, %v", jobs, err)
	}
	return jobs[0]
}

func TestJobIsBegunOncePerAttempt(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	ctx := t.Context()
	refs, err := db.relay.DueJobs(ctx, 10)
	if err != nil || len(refs) != 1 || refs[0].TenantID != a.TenantID {
		t.Fatalf("due: %v, %v", refs, err)
	}
	ref := refs[0]
	must(t, db.relay.MarkQueued(ctx, refs))
	if j := db.onlyJob(t, a); j.State != cell.JobQueued {
		t.Errorf("%+v", j)
	}
	job, claimed, err := db.store.ClaimJob(ctx, ref)
	if !claimed || err != nil || job.Attempts != 1 || job.Kind != cell.WelcomeEmail {
		t.Fatalf("claim: %+v, %v, %v", job, claimed, err)
	}
	if _, again, err := db.store.ClaimJob(ctx, ref); again || err != nil {
		t.Errorf("the same message began the job twice: %v", err)
	}
	must(t, db.relay.MarkQueued(ctx, refs)) // the relay is late: nothing happens
	running := ref
	running.Attempt = job.Attempts
	must(t, db.store.FailJob(ctx, running, time.Now().Add(time.Hour), "no luck"))
	if j := db.onlyJob(t, a); j.State != cell.JobPending || j.LastError != "no luck" {
		t.Errorf("%+v", j)
	}
	if due, err := db.relay.DueJobs(ctx, 10); len(due) != 0 || err != nil {
		t.Errorf("due although it waits: %v, %v", due, err)
	}
	must(t, db.store.FinishJob(ctx, running)) // of an attempt that is over: nothing happens
	_, claimed, err = db.store.ClaimJob(ctx, running)
	if !claimed || err != nil {
		t.Fatalf("second attempt: %v, %v", claimed, err)
	}
	running.Attempt = 2
	must(t, db.store.FinishJob(ctx, running))
	if j := db.onlyJob(t, a); j.State != cell.JobDone || j.LastError != "" || j.Attempts != 2 {
		t.Errorf("%+v", j)
	}
}

func TestLastAttemptMakesAJobDead(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	query(t, db.dsn, `UPDATE jobs SET max_attempts = 1 RETURNING 'x'`)
	refs, err := db.relay.DueJobs(t.Context(), 10)
	must(t, err)
	_, _, err = db.store.ClaimJob(t.Context(), refs[0])
	must(t, err)
	refs[0].Attempt = 1
	must(t, db.store.FailJob(t.Context(), refs[0], time.Now(), "no luck"))
	if j := db.onlyJob(t, a); j.State != cell.JobDead {
		t.Errorf("%+v", j)
	}
}

func TestLostJobsComeBackAndFrozenOnesRest(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	ctx := t.Context()
	refs, err := db.relay.DueJobs(ctx, 10)
	must(t, err, db.relay.MarkQueued(ctx, refs))
	if lost, err := db.relay.LostJobs(ctx, time.Hour, time.Hour, 10); len(lost) != 0 || err != nil {
		t.Errorf("lost too early: %v, %v", lost, err)
	}
	must(t, db.mover.CloseGate(ctx, a.TenantID), db.mover.Freeze(ctx, a.TenantID, 1, 1, time.Now().Add(time.Hour)))
	if lost, err := db.relay.LostJobs(ctx, 0, 0, 10); len(lost) != 0 || err != nil {
		t.Errorf("a frozen tenant's job: %v, %v", lost, err)
	}
	must(t, db.relay.Reset(ctx, refs)) // it saw the job before the freeze
	if _, _, err := db.store.ClaimJob(ctx, refs[0]); err == nil {
		t.Error("a frozen tenant's job began")
	}
	if j := db.onlyJob(t, a); j.State != cell.JobQueued {
		t.Errorf("a frozen tenant's row changed: %+v", j)
	}
	must(t, db.mover.Thaw(ctx, a.TenantID, 1, 1))
	lost, err := db.relay.LostJobs(ctx, 0, 0, 10)
	if err != nil || len(lost) != 1 {
		t.Fatalf("lost: %v, %v", lost, err)
	}
	must(t, db.relay.Reset(ctx, lost))
	if due, err := db.relay.DueJobs(ctx, 10); len(due) != 1 || err != nil {
		t.Errorf("due: %v, %v", due, err)
	}
}

func TestOneRelayLeads(t *testing.T) {
	t.Parallel()
	db := open(t)
	first, err := db.relay.Lead(t.Context())
	if err != nil || first == nil {
		t.Fatalf("lead: %v, %v", first, err)
	}
	if second, err := db.relay.Lead(t.Context()); second != nil || err != nil {
		t.Fatalf("two lead: %v", err)
	}
	must(t, first.Await(t.Context(), time.Millisecond))
	db.live(t) // enqueues a job
	start := time.Now()
	must(t, first.Await(t.Context(), time.Minute))
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("the notification did not arrive: %s", took)
	}
	first.Resign()
	third, err := db.relay.Lead(t.Context())
	if err != nil || third == nil {
		t.Fatalf("lead after resignation: %v, %v", third, err)
	}
	third.Resign()
}
