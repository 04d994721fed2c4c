package citus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
)

// due returns the due jobs of all tenants, up to ten of each.
func (db *database) due(t *testing.T) []cell.JobRef {
	t.Helper()
	queues, more, err := db.relay.DueQueues(t.Context(), cell.JobQueue{}, 100)
	if err != nil || more {
		t.Fatalf("queues: %v, more: %v, %v", queues, more, err)
	}
	windows := make([]int, len(queues))
	for i := range windows {
		windows[i] = 10
	}
	shares, err := db.relay.DueJobs(t.Context(), queues, windows)
	must(t, err)
	var refs []cell.JobRef
	for _, share := range shares {
		refs = append(refs, share.Due...)
	}
	return refs
}

// claim begins the job that the reference names, if it may be begun.
func (db *database) claim(t *testing.T, ref cell.JobRef) (cell.Claimed, bool) {
	t.Helper()
	claimed, err := db.store.ClaimJobs(t.Context(), []cell.JobRef{ref})
	if err != nil || len(claimed) > 1 {
		t.Fatalf("claim: %v, %v", claimed, err)
	}
	if len(claimed) == 0 {
		return cell.Claimed{}, false
	}
	return claimed[0], true
}

func failed(ref cell.JobRef, at time.Time, reason string) []cell.Failed {
	return []cell.Failed{{Ref: ref, RetryAt: at, Reason: reason}}
}

func (db *database) onlyJob(t *testing.T, a cell.Arrival) cell.Job {
	t.Helper()
	jobs, err := db.store.ListJobs(t.Context(), by(a, cell.JobsRead), cell.JobFilter{}, cell.PageRequest{Limit: 10})
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
	refs := db.due(t)
	if len(refs) != 1 || refs[0].TenantID != a.TenantID || refs[0].Priority != cell.HighPriority {
		t.Fatalf("due: %v", refs)
	}
	ref := refs[0]
	must(t, db.relay.MarkQueued(ctx, refs))
	if j := db.onlyJob(t, a); j.State != cell.JobQueued {
		t.Errorf("%+v", j)
	}
	first, claimed := db.claim(t, ref)
	if !claimed || first.Job.Attempts != 1 || first.Ref.Attempt != 1 || first.Job.Kind != cell.WelcomeEmail {
		t.Fatalf("claim: %+v, %v", first, claimed)
	}
	if _, again := db.claim(t, ref); again {
		t.Error("the same message began the job twice")
	}
	must(t, db.relay.MarkQueued(ctx, refs)) // the relay is late: nothing happens
	must(t, db.store.FailJobs(ctx, failed(first.Ref, time.Now().Add(time.Hour), "no luck")))
	if j := db.onlyJob(t, a); j.State != cell.JobPending || j.LastError != "no luck" {
		t.Errorf("%+v", j)
	}
	if due := db.due(t); len(due) != 0 {
		t.Errorf("due although it waits: %v", due)
	}
	if err := db.store.FinishJobs(ctx, []cell.Finished{{Ref: first.Ref}}); !errors.Is(err, cell.ErrAttemptOver) {
		t.Errorf("an attempt that is over was finished: %v", err)
	}
	second, claimed := db.claim(t, first.Ref)
	if !claimed {
		t.Fatal("no second attempt")
	}
	must(t, db.store.FinishJobs(ctx, []cell.Finished{{Ref: second.Ref, Outcome: cell.Outcome{Result: []byte(`{"a":1}`)}}}))
	if j := db.onlyJob(t, a); j.State != cell.JobDone || j.LastError != "" || j.Attempts != 2 || j.Progress != 100 || string(j.Result) != `{"a": 1}` {
		t.Errorf("%+v", j)
	}
}

func TestLastAttemptMakesAJobDead(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	query(t, db.dsn, `UPDATE jobs SET max_attempts = 1 RETURNING 'x'`)
	c, _ := db.claim(t, db.due(t)[0])
	must(t, db.store.FailJobs(t.Context(), failed(c.Ref, time.Now(), "no luck")))
	if j := db.onlyJob(t, a); j.State != cell.JobDead {
		t.Errorf("%+v", j)
	}
}

func TestLostJobsComeBackAndFrozenOnesRest(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	ctx := t.Context()
	refs := db.due(t)
	must(t, db.relay.MarkQueued(ctx, refs))
	if lost, err := db.relay.LostJobs(ctx, time.Hour, time.Hour, 10); len(lost) != 0 || err != nil {
		t.Errorf("lost too early: %v, %v", lost, err)
	}
	db.freeze(t, a, time.Hour)
	if lost, err := db.relay.LostJobs(ctx, 0, 0, 10); len(lost) != 0 || err != nil {
		t.Errorf("a frozen tenant's job: %v, %v", lost, err)
	}
	must(t, db.relay.Reset(ctx, refs)) // it saw the job before the freeze
	if _, claimed := db.claim(t, refs[0]); claimed {
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
	if due := db.due(t); len(due) != 1 {
		t.Errorf("due: %v", due)
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

// What waits of a tenant that is held is not read, however much it is; what goes on
// all the same is taken, and everything once the tenant is let in again.
func TestTheRelayDoesNotReadWhatIsHeld(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	id := a.TenantID.String()
	query(t, db.dsn, `DELETE FROM jobs WHERE tenant_id = $1`, id)
	for kind, n := range map[cell.JobKind]int{cell.WebhookDelivery: 2000, cell.ReportJob: 1000, cell.InviteEmail: 2, cell.DataExport: 1} {
		query(t, db.dsn, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts, run_at)
			SELECT $1, gen_random_uuid(), $2, '{}', 'pending', 8, now() - n * interval '1 second' FROM generate_series(1, $3::int) AS n`, id, string(kind), n)
	}
	query(t, db.dsn, `ANALYZE jobs`)
	due := func() []cell.JobRef {
		t.Helper()
		shares, err := db.relay.DueJobs(t.Context(), []cell.JobQueue{{TenantID: a.TenantID}}, []int{10})
		must(t, err)
		return shares[0].Due
	}
	for held, want := range map[bool]int{true: 3, false: 10} {
		query(t, db.dsn, `UPDATE organizations SET held = $2 WHERE tenant_id = $1`, id, held)
		refs := due()
		if len(refs) != want {
			t.Errorf("held %v: %d jobs are due, want %d", held, len(refs), want)
		}
		plan := strings.Join(query(t, db.dsn, `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) `+citus.ShareSQL, id, int16(cell.NormalPriority), 10), "\n")
		if !strings.Contains(plan, "jobs_unheld") || !strings.Contains(plan, "jobs_due") || !strings.Contains(plan, "never executed") || strings.Contains(plan, "Rows Removed by Filter") {
			t.Errorf("held %v: other jobs than those are read:\n%s", held, plan)
		}
	}
	query(t, db.dsn, `UPDATE tenant_gate SET open = false, closed_at = now() WHERE tenant_id = $1`, id)
	if refs := due(); len(refs) != 0 {
		t.Errorf("behind a closed gate %d jobs are due", len(refs))
	}
}
