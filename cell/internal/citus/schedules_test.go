package citus_test

import (
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func aSchedule(name string) cell.Schedule {
	return cell.Schedule{
		ID: newID(), Name: name, Cron: "0 6 * * *", TimeZone: "UTC", Missed: cell.MissedOnce, Enabled: true, Kind: cell.ReportJob,
		Payload: []byte(`{"format": "csv"}`), NextRunAt: time.Now().Add(-time.Hour).Truncate(time.Second),
	}
}

// Whoever fires a slot, and however often and at once: it is fired once.
func TestASlotIsFiredOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, frozen := db.live(t), db.live(t)
	for _, tenant := range []cell.Arrival{a, frozen} {
		_, err := db.store.CreateSchedule(t.Context(), by(tenant, cell.SchedulesWrite), aSchedule("daily"), entry("schedule.created"))
		must(t, err)
	}
	due, err := db.relay.DueSchedules(t.Context(), 10)
	if err != nil || len(due) != 2 {
		t.Fatalf("due: %v, %v", due, err)
	}
	db.freeze(t, frozen, time.Hour)
	next := time.Now().Add(time.Hour)
	var tries sync.WaitGroup
	for range 8 {
		tries.Go(func() {
			fires := []cell.Fire{{Schedule: due[0], Next: next, JobID: newID()}, {Schedule: due[1], Next: next, JobID: newID()}}
			if err := db.store.FireSchedules(t.Context(), fires); err != nil {
				t.Error(err)
			}
		})
	}
	tries.Wait()
	jobs, err := db.store.ListJobs(t.Context(), by(a, cell.JobsRead), cell.JobFilter{Kind: cell.ReportJob}, cell.PageRequest{Limit: 50})
	if err != nil || len(jobs) != 1 || string(jobs[0].Payload) != `{"format": "csv"}` {
		t.Errorf("%d jobs, %v", len(jobs), err)
	}
	if n := query(t, db.dsn, `SELECT count(*)::text FROM jobs WHERE kind = 'report' AND tenant_id = $1`, frozen.TenantID.String()); n[0] != "0" {
		t.Errorf("a frozen tenant's schedule was fired %s times", n[0])
	}
	list, err := db.store.ListSchedules(t.Context(), by(a, cell.SchedulesRead), cell.PageRequest{Limit: 10})
	if err != nil || len(list) != 1 || list[0].LastJobID != jobs[0].ID || !list[0].LastRunAt.Equal(due[0].Slot) || !list[0].NextRunAt.After(time.Now()) {
		t.Errorf("%+v, %v", list, err)
	}
	must(t, db.mover.Thaw(t.Context(), frozen.TenantID, 1, 1))
	if due, err := db.relay.DueSchedules(t.Context(), 10); err != nil || len(due) != 1 || due[0].TenantID != frozen.TenantID {
		t.Errorf("after the thaw: %v, %v", due, err)
	}
}

func TestTheCellsOwnSchedules(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, b := db.live(t), db.live(t)
	own := aSchedule("housekeeping")
	own.System = true
	for range 2 {
		without, err := db.relay.TenantsWithout(t.Context(), own.ID, 10)
		must(t, err, db.store.AddSchedule(t.Context(), append(without, a.TenantID), own))
	}
	if without, err := db.relay.TenantsWithout(t.Context(), own.ID, 10); len(without) != 0 || err != nil {
		t.Errorf("%v, %v", without, err)
	}
	err := db.store.DeleteSchedule(t.Context(), by(b, cell.SchedulesWrite), own.ID, nil, entry("schedule.deleted"))
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a tenant deleted it: %v", err)
	}
	must(t, db.store.AddSchedule(t.Context(), []tenancy.ID{tenancy.NewID(), b.TenantID}, aSchedule("another"))) // one is not here
	if list, err := db.store.ListSchedules(t.Context(), by(b, cell.SchedulesRead), cell.PageRequest{Limit: 10}); len(list) != 2 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
}

func TestCancelAndReplay(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	ctx := t.Context()
	refs := db.due(t)
	id := refs[0].JobID
	write := func() *cell.Call { return by(a, cell.JobsWrite) }
	if _, err := db.store.ReplayJob(ctx, write(), id, entry("job.replayed")); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("replay of a pending job: %v", err)
	}
	must(t, db.relay.MarkQueued(ctx, refs))
	for range 2 {
		if j, err := db.store.CancelJob(ctx, write(), id, entry("job.cancelled")); err != nil || j.State != cell.JobCancelled {
			t.Errorf("cancel: %+v, %v", j, err)
		}
	}
	if _, claimed := db.claim(t, refs[0]); claimed {
		t.Error("a cancelled job began")
	}
	j, err := db.store.ReplayJob(ctx, write(), id, entry("job.replayed"))
	if err != nil || j.State != cell.JobPending || j.CancelRequested || j.MaxAttempts != cell.DefaultMaxAttempts {
		t.Errorf("replay: %+v, %v", j, err)
	}
	c, _ := db.claim(t, db.due(t)[0])
	must(t, db.store.BeatJobs(ctx, []cell.JobProgress{{Ref: c.Ref, Percent: 40, Text: "reading"}}))
	if j, err = db.store.CancelJob(ctx, write(), id, entry("job.cancelled")); err != nil || j.State != cell.JobRunning || j.Progress != 40 || j.ProgressText != "reading" {
		t.Errorf("cancel a running job: %+v, %v", j, err)
	}
	if stop, err := db.relay.CancelledJobs(ctx); err != nil || len(stop) != 1 || stop[0] != c.Ref {
		t.Errorf("to stop: %v, %v", stop, err)
	}
	must(t, db.store.FailJobs(ctx, failed(c.Ref, time.Now(), "it was cancelled")))
	if j := db.onlyJob(t, a); j.State != cell.JobCancelled {
		t.Errorf("%+v", j)
	}
}

// What another cell had handed out is due again where the tenant arrives.
func TestArrivedJobsAreRepublished(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	refs := db.due(t)
	c, _ := db.claim(t, refs[0])
	must(t, db.mover.RepublishJobs(t.Context(), a.TenantID))
	if due := db.due(t); len(due) != 1 || due[0] != c.Ref {
		t.Errorf("due: %v", due)
	}
	if err := db.store.FinishJobs(t.Context(), []cell.Finished{{Ref: c.Ref}}); err == nil {
		t.Error("the attempt of before was finished")
	}
}
