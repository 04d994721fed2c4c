package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// change makes a tenant be as rule says.
func (w *world) change(id tenancy.ID, rule func(controlplane.Tenant) (controlplane.Tenant, bool, error)) error {
	next, _, err := rule(w.get(id))
	if err == nil {
		_, err = postgres.TenantStore{DB: w.db}.Update(w.t.Context(), next, "test")
	}
	return err
}

func deletion(t controlplane.Tenant) (controlplane.Tenant, bool, error) {
	return t.Delete(time.Now().Add(time.Hour))
}

// Every refusal says why, and changes nothing: neither when it is only asked
// for nor when it is meant.
func TestWhatCannotMoveIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cells := postgres.CellStore{DB: w.db}
	setState := func(to directory.CellState) {
		if _, err := cells.SetState(t.Context(), "cell-b", to, ""); err != nil {
			t.Fatal(err)
		}
	}
	describe := func(cell string, change func(*fakecell.Info)) { w.cells[cell].Describe(change) }
	capacity := func(n int) {
		if err := cells.Heartbeat(t.Context(), "cell-b", controlplane.Heartbeat{At: w.clock(), CapacityTenants: n}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		target string
		before func(controlplane.Tenant)
		after  func()
		code   fault.Code
		says   string
	}{
		{name: "no such cell", target: "cell-x", code: fault.NotFound, says: "no cell cell-x"},
		{name: "its own cell", target: "cell-a", code: fault.Invalid, says: "lives in cell-a already"},
		{name: "cordoned", target: "cell-b", before: func(controlplane.Tenant) { setState(directory.CellCordoned) }, after: func() { setState(directory.CellActive) }, code: fault.Conflict, says: "cordoned"},
		{name: "full", target: "cell-b", before: func(controlplane.Tenant) { capacity(1); w.fill("cell-b") }, after: func() { capacity(100_000) }, code: fault.Conflict, says: "full"},
		{
			name: "another schema", target: "cell-b", before: func(controlplane.Tenant) { describe("cell-b", func(i *fakecell.Info) { i.SchemaVersion++ }) },
			after: func() { describe("cell-b", func(i *fakecell.Info) { i.SchemaVersion-- }) }, code: fault.Conflict, says: "schema",
		},
		{
			name: "a table that cannot move", target: "cell-b", before: func(controlplane.Tenant) {
				describe("cell-a", func(i *fakecell.Info) { i.Problems = []string{"table notes has no primary key"} })
			},
			after: func() { describe("cell-a", func(i *fakecell.Info) { i.Problems = nil }) }, code: fault.Conflict, says: "table notes",
		},
		{
			name: "rebalance", target: "cell-b", before: func(controlplane.Tenant) { describe("cell-a", func(i *fakecell.Info) { i.RebalanceRunning = true }) },
			after: func() { describe("cell-a", func(i *fakecell.Info) { i.RebalanceRunning = false }) }, code: fault.Conflict, says: "shards",
		},
		{name: "deleting", target: "cell-b", before: func(x controlplane.Tenant) {
			if err := w.change(x.TenantID, deletion); err != nil {
				t.Fatal(err)
			}
		}, code: fault.Conflict, says: "deleting"},
		{name: "not there", target: "cell-b", before: func(x controlplane.Tenant) { w.cells["cell-a"].Admit(x.TenantID, "other", 7) }, code: fault.Conflict, says: "epoch 7"},
		{name: "no other cell in the region", target: "", before: func(controlplane.Tenant) { setState(directory.CellCordoned) }, after: func() { setState(directory.CellActive) }, code: fault.Unavailable, says: "no cell"},
	} {
		tenant := w.tenant(strings.ReplaceAll(c.name, " ", "-"))
		if c.before != nil {
			c.before(tenant)
		}
		request := migration.Request{Tenant: tenant.TenantID, Target: c.target, Terms: terms()}
		_, asked := w.service().Check(t.Context(), request)
		_, meant := w.service().Create(t.Context(), request)
		for _, err := range []error{asked, meant} {
			if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %s and %q", c.name, err, c.code, c.says)
			}
		}
		if c.after != nil {
			c.after()
		}
		w.skip(0)
		found, err := w.service().List(t.Context(), controlplane.MigrationFilter{Tenant: &tenant.TenantID}, controlplane.Page{Limit: 10})
		if err != nil || len(found) != 0 {
			t.Errorf("%s: %d migrations, %v", c.name, len(found), err)
		}
	}
	_, err := w.service().Create(t.Context(), migration.Request{Tenant: tenancy.NewID(), Target: "cell-b", Terms: terms()})
	wantCode(t, "no such tenant", err, fault.NotFound)
	bad := terms()
	bad.NotAfter = w.clock().Add(-time.Hour)
	_, err = w.service().Create(t.Context(), migration.Request{Tenant: w.tenant("late").TenantID, Target: "cell-b", Terms: bad})
	wantCode(t, "over before it begins", err, fault.Invalid)
}

// fill takes the one place that a cell has.
func (w *world) fill(cell string) {
	w.t.Helper()
	_, err := postgres.ImportStore{DB: w.db}.Create(w.t.Context(), []controlplane.Tenant{{
		Assignment:   directory.Assignment{TenantID: tenancy.NewID(), Slug: "filler", Cell: cell, Epoch: 1, Plan: "free"},
		Organization: "Filler", PlacementReason: "because",
	}}, directory.Active)
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAMovingTenantIsClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	_, err := w.service().Create(t.Context(), migration.Request{Tenant: c.tenant, Target: "cell-b", Terms: terms()})
	wantCode(t, "a second migration", err, fault.Conflict)
	wantCode(t, "deletion", w.change(c.tenant, deletion), fault.Conflict)
	// Suspending is no business of the move, and does not disturb it.
	c.must(w.change(c.tenant, func(x controlplane.Tenant) (controlplane.Tenant, bool, error) { return x.Suspend("unpaid") }))
	if m := c.finish(endWindow); m.Phase != controlplane.MigrationCompleted {
		t.Fatalf("ended %s: %s", m.Phase, m.Record.Failure)
	}
	c.settled("cell-b", 2)
	if x := w.get(c.tenant); x.State != directory.Suspended {
		t.Errorf("became %s", x.State)
	}
	c.must(w.change(c.tenant, deletion)) // the claim is free
}

func TestPlacesAreCountedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	count := func() [2]int {
		var n [2]int
		for i, cell := range []string{"cell-a", "cell-b"} {
			c, err := postgres.CellStore{DB: w.db}.Get(t.Context(), cell)
			if err != nil {
				t.Fatal(err)
			}
			n[i] = c.AssignedTenants
		}
		return n
	}
	want := func(what string, a, b int) {
		t.Helper()
		if got := count(); got != [2]int{a, b} {
			t.Errorf("%s: %v, want %d and %d", what, got, a, b)
		}
	}
	moved, aborted, back := w.begin("moved"), w.begin("aborted"), w.begin("back")
	want("planned", 3, 3)
	moved.finish(endWindow)
	want("moved", 2, 3)
	aborted.must(aborted.give(abortIt))
	aborted.finish(endWindow)
	want("aborted", 2, 2)
	back.finish(rollBack)
	want("rolled back", 2, 1)
}

// expire ends the source's freeze, if there still is one.
func (c *course) expire() (n int) {
	_ = c.observe("expire", func() error {
		if !c.cells["cell-a"].Expire(c.tenant) {
			return errNoStep
		}
		n = 1
		return nil
	})
	return n
}

// A freeze that expires between freeze and seal loses no write.
func TestAFreezeThatExpiresIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	var mu sync.Mutex // the drain and the note of its freeze come at once
	expired := 0
	worker := c.worker(func(call func() error) error {
		err := call()
		mu.Lock()
		defer mu.Unlock()
		if expired < 3 && c.state("cell-a") == fakecell.Frozen && c.now().FreezeNo > 0 {
			expired += c.expire()
		}
		return err
	})
	if err := worker.Work(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	if m := c.now(); m.Phase != controlplane.MigrationSettling || expired != 3 || m.Record.Attempts < 3 || m.Record.Attempts > 4 {
		t.Errorf("%s after %d expiries and %d attempts: %s", m.Phase, expired, m.Record.Attempts, m.Record.Failure)
	}
	c.settled("cell-b", 2)
}

func TestACutoverThatIsNeverInTimeIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	worker := c.worker(func(call func() error) error {
		err := call()
		if c.state("cell-a") == fakecell.Frozen && c.now().FreezeNo > 0 {
			c.expire()
		}
		return err
	})
	if err := worker.Work(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	if m := c.now(); m.Phase != controlplane.MigrationAborted || m.Record.Failure == "" {
		t.Errorf("%s: %q", m.Phase, m.Record.Failure)
	}
	c.settled("cell-a", 1)
}

func TestDifferencesAndBrokenImportsAbort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		before func()
		after  func()
		code   fault.Code
	}{
		{"differs", func() { w.cells["cell-b"].Differ(true) }, func() { w.cells["cell-b"].Differ(false) }, controlplane.Mismatch},
		{"broken", func() { w.cells["cell-b"].BreakImports("disk full") }, func() { w.cells["cell-b"].BreakImports("") }, fault.Conflict},
	} {
		m := w.begin(c.name)
		c.before()
		got := m.finish(endWindow)
		c.after()
		if got.Phase != controlplane.MigrationAborted || got.Record.Code != c.code || got.Record.Failure == "" {
			t.Errorf("%s: %s, %s, %q", c.name, got.Phase, got.Record.Code, got.Record.Failure)
		}
		m.settled("cell-a", 1)
		again, err := w.service().Create(t.Context(), migration.Request{Tenant: m.tenant, Target: "cell-b", Terms: terms()})
		m.must(err)
		m.id, m.seen = again.ID, ""
		if got := m.finish(endWindow); got.Phase != controlplane.MigrationCompleted {
			t.Errorf("%s: again: %s: %s", c.name, got.Phase, got.Record.Failure)
		}
	}
	for id, cell := range w.cells {
		if exports, imports := cell.Open(); exports+imports > 0 {
			t.Errorf("%s: %d exports and %d imports are left", id, exports, imports)
		}
	}
}

// Many workers at once on one migration: the lease lets one through at a time.
func TestManyWorkersMoveOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			if err := c.worker(nil).Work(context.WithoutCancel(t.Context()), c.id); err != nil {
				t.Errorf("worker: %v", err)
			}
		})
	}
	workers.Wait()
	c.skip(20 * time.Second)
	if m := c.finish(endWindow); m.Phase != controlplane.MigrationCompleted {
		t.Errorf("ended %s: %s", m.Phase, m.Record.Failure)
	}
	c.settled("cell-b", 2)
}

func TestPauseThrottleAndResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	s := w.service()
	_, err := s.Pause(t.Context(), c.id)
	c.must(err)
	c.must(c.worker(nil).Work(t.Context(), c.id))
	if m := c.now(); m.Phase != controlplane.MigrationPlanned || !m.Paused {
		t.Fatalf("%s, paused %v", m.Phase, m.Paused)
	}
	_, err = s.Throttle(t.Context(), c.id, 5<<20)
	c.must(err)
	_, err = s.Resume(t.Context(), c.id)
	c.must(err)
	c.must(c.worker(nil).Work(t.Context(), c.id))
	m := c.now()
	if m.Phase != controlplane.MigrationSettling || m.Terms.BytesPerSecond != 5<<20 {
		t.Fatalf("%s at %d bytes a second: %s", m.Phase, m.Terms.BytesPerSecond, m.Record.Failure)
	}
	_, err = s.Throttle(t.Context(), c.id, 0)
	wantCode(t, "throttle what has moved", err, fault.Conflict)
	_, err = s.Abort(t.Context(), c.id, "")
	wantCode(t, "abort what has moved", err, fault.Conflict)
}

func TestMovesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var courses []*course
	for i := range 3 {
		x := w.tenant(fmt.Sprintf("t%d", i))
		one := terms()
		one.MovesAtOnce = 1
		m, err := w.service().Create(t.Context(), migration.Request{Tenant: x.TenantID, Target: "cell-b", Terms: one})
		if err != nil {
			t.Fatal(err)
		}
		courses = append(courses, &course{world: w, id: m.ID, tenant: x.TenantID, name: string(x.Slug)})
	}
	first := courses[0]
	first.toFreeze() // under way, and put aside there
	due, err := w.store().Due(t.Context(), w.clock(), 10)
	if err != nil || len(due) != 1 || due[0].ID != first.id {
		t.Errorf("%d are due, %v", len(due), err)
	}
	first.must(courses[1].worker(nil).Work(t.Context(), courses[1].id))
	if m := courses[1].now(); m.Phase != controlplane.MigrationPlanned {
		t.Errorf("the second is %s", m.Phase)
	}
	for _, c := range courses {
		if m := c.finish(endWindow); m.Phase != controlplane.MigrationCompleted {
			t.Errorf("%s ended %s: %s", c.name, m.Phase, m.Record.Failure)
		}
	}
}

func TestDrainAndRebalance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 4 {
		w.tenant(fmt.Sprintf("t%d", i))
	}
	s := w.service()
	plan, err := s.PlanDrain(t.Context(), migration.BatchRequest{Cell: "cell-a", Terms: terms()})
	if err != nil || len(plan.Moves) != 4 || len(plan.Obstacles) != 0 || plan.Batch != uuid.Nil || plan.Moves[0].Target != "cell-b" {
		t.Fatalf("%+v, %v", plan, err)
	}
	plan, err = s.PlanDrain(t.Context(), migration.BatchRequest{Cell: "cell-a", MaxMoves: 3, Terms: terms()})
	if err != nil || len(plan.Moves) != 3 || !plan.More {
		t.Errorf("%d moves, more %v, %v", len(plan.Moves), plan.More, err)
	}
	begun, err := s.Drain(t.Context(), migration.BatchRequest{Cell: "cell-a", Terms: terms()})
	if err != nil || len(begun.Moves) != 4 || begun.Batch == uuid.Nil {
		t.Fatalf("%+v, %v", begun, err)
	}
	again, err := s.Drain(t.Context(), migration.BatchRequest{Cell: "cell-a", Terms: terms()})
	if err != nil || len(again.Moves) != 0 || len(again.Obstacles) != 4 {
		t.Errorf("a second drain: %d moves, %d obstacles, %v", len(again.Moves), len(again.Obstacles), err)
	}
	found, err := s.List(t.Context(), controlplane.MigrationFilter{Batch: &begun.Batch}, controlplane.Page{Limit: 10})
	if err != nil || len(found) != 4 {
		t.Fatalf("%d of the batch, %v", len(found), err)
	}
	for _, m := range found {
		c := &course{world: w, id: m.ID, tenant: m.TenantID, name: string(m.Slug)}
		c.finish(endWindow)
		c.settled("cell-b", 2)
	}
	if c, err := (postgres.CellStore{DB: w.db}).Get(t.Context(), "cell-a"); err != nil || c.AssignedTenants != 0 || c.State != directory.CellDraining {
		t.Errorf("cell-a: %+v, %v", c, err)
	}
}

// A rebalance moves until the cells' shares are close, and no further.
func TestRebalanceEvensCellsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 4 {
		w.tenant(fmt.Sprintf("t%d", i))
	}
	for id := range w.cells {
		if err := (postgres.CellStore{DB: w.db}).Heartbeat(t.Context(), id, controlplane.Heartbeat{At: w.clock(), CapacityTenants: 10}); err != nil {
			t.Fatal(err)
		}
	}
	s := w.service()
	request := migration.BatchRequest{Terms: terms()}
	plan, err := s.PlanRebalance(t.Context(), request)
	if err != nil || len(plan.Moves) != 2 || plan.Moves[0].Target != "cell-b" || len(plan.Obstacles) != 0 {
		t.Fatalf("%+v, %v", plan, err)
	}
	begun, err := s.Rebalance(t.Context(), request)
	if err != nil || len(begun.Moves) != 2 {
		t.Fatalf("%+v, %v", begun, err)
	}
	found, err := s.List(t.Context(), controlplane.MigrationFilter{Batch: &begun.Batch}, controlplane.Page{Limit: 10})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d of the batch, %v", len(found), err)
	}
	for _, m := range found {
		(&course{world: w, id: m.ID, tenant: m.TenantID, name: string(m.Slug)}).finish(endWindow)
	}
	for id := range w.cells {
		if err := (postgres.CellStore{DB: w.db}).Heartbeat(t.Context(), id, controlplane.Heartbeat{At: w.clock(), CapacityTenants: 10}); err != nil {
			t.Fatal(err)
		}
	}
	if plan, err := s.PlanRebalance(t.Context(), request); err != nil || len(plan.Moves) != 0 {
		t.Errorf("once even: %+v, %v", plan, err)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	_, err := w.service().Certificate(t.Context(), c.id)
	wantCode(t, "before the move", err, fault.NotFound)
	c.toWindow()
	document, err := w.service().Certificate(t.Context(), c.id)
	c.must(err)
	public := controlplane.NewCertificateKey(master).Public()
	got, err := controlplane.ReadCertificate(document, public)
	if err != nil || got.Tenant != c.tenant || got.Source != "cell-a" || got.Target != "cell-b" || got.Epoch != 2 || len(got.Tables) != 1 || got.PauseMicros <= 0 {
		t.Errorf("%+v, %v", got, err)
	}
	changed := strings.Replace(string(document), "cell-b", "cell-c", 1)
	if _, err := controlplane.ReadCertificate([]byte(changed), public); !errors.Is(err, controlplane.ErrCertificate) {
		t.Errorf("changed: %v", err)
	}
	other := controlplane.NewCertificateKey([]byte("another control plane")).Public()
	if _, err := controlplane.ReadCertificate(document, other); !errors.Is(err, controlplane.ErrCertificate) {
		t.Errorf("another key: %v", err)
	}
	if _, err := controlplane.ReadCertificate([]byte(strings.Replace(string(document), "{", `{"more":1,`, 1)), public); err == nil {
		t.Error("an unsigned field was let through")
	}
	entries, err := postgres.AuditStore{DB: w.db}.List(t.Context(), controlplane.AuditFilter{Target: c.tenant.String(), Action: "migration.certify"}, controlplane.Page{Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Errorf("%d audit entries, %v", len(entries), err)
	}
}
