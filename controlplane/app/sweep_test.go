package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	usecase "github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// An import that died after its cells had the tenants is given up: the slugs
// are free at once, the cells' rows go later, and live tenants stay.
func TestTheSweeperGivesUpWhatAnImportLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	imports := postgres.ImportStore{DB: w.db}
	tenants := make([]controlplane.Tenant, 3)
	residents := make([]controlplane.Resident, 3)
	for i, slug := range []tenancy.Slug{"left-one", "left-two", "finished"} {
		tenants[i] = controlplane.Tenant{Assignment: directory.Assignment{TenantID: tenancy.NewID(), Slug: slug, Cell: "cell-a", Epoch: 1, Plan: "free"}, Organization: "x"}
		residents[i] = controlplane.Resident{TenantID: tenants[i].TenantID, Slug: slug, Epoch: 1}
	}
	_, createErr := imports.Create(t.Context(), tenants, directory.Provisioning)
	_, cellErr := w.client.CreateBatch(t.Context(), "cell-a", residents)
	committed, commitErr := imports.Commit(t.Context(), []tenancy.ID{tenants[2].TenantID})
	if err := errors.Join(createErr, cellErr, commitErr); err != nil || len(committed) != 1 {
		t.Fatalf("%v, %v", committed, err)
	}
	sweeper := usecase.ImportSweeper{Store: imports, Clock: w.clock}
	sweep := func() {
		t.Helper()
		if err := sweeper.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep() // too early
	if state, err := imports.Find(t.Context(), nil, []string{"left-one", "left-two", "finished"}); err != nil || len(state.Tenants) != 3 {
		t.Fatalf("%+v, %v", state, err)
	}
	w.skip(t, time.Hour)
	sweep()
	state, err := imports.Find(t.Context(), []tenancy.ID{tenants[0].TenantID}, []string{"left-one", "left-two", "finished"})
	if err != nil || len(state.Tenants) != 1 || !state.Removing[tenants[0].TenantID] {
		t.Errorf("%+v, %v", state, err)
	}
	if late, err := imports.Commit(t.Context(), []tenancy.ID{tenants[0].TenantID}); err != nil || len(late) != 0 {
		t.Errorf("a late commit: %v, %v", late, err)
	}
	w.settle(t)
	if held := w.cell.Residents(); len(held) != 1 || held[tenants[2].TenantID].State != fakecell.Live {
		t.Errorf("the cell holds %+v", held)
	}
}

// A reaper that dies after the cell removed the rows is finished by the next
// one; a cell that does not answer delays it.
func TestTheReaperFinishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service, _ := w.process(0, false)
	signup, err := service.SignUp(t.Context(), "reaper-key", request("acme"))
	if err != nil {
		t.Fatal(err)
	}
	store := postgres.TenantStore{DB: w.db}
	tenants := usecase.Tenants{TenantStore: store, Clock: w.clock}
	id := signup.Tenant.TenantID
	if _, err := tenants.Delete(t.Context(), id, time.Hour, usecase.AnyVersion); err != nil {
		t.Fatal(err)
	}
	reaper := usecase.Reaper{Store: store, Cells: w.client, Clock: w.clock}
	if err := reaper.RunOnce(t.Context()); err != nil || len(w.held("acme")) != 1 {
		t.Fatalf("reaped within the grace period: %v", err)
	}
	w.skip(t, time.Hour)
	dead := &mortal{Residence: w.client, killAt: 1, after: true}
	if err := (&usecase.Reaper{Store: store, Cells: dead, Clock: w.clock}).RunOnce(t.Context()); !errors.Is(err, errDead) || len(w.held("acme")) != 0 {
		t.Fatalf("%v", err)
	}
	if _, err := tenants.Resume(t.Context(), id, usecase.AnyVersion); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("resumed without its data: %v", err)
	}
	if err := reaper.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := store.Get(t.Context(), id); err != nil || after.State != directory.Deleted {
		t.Errorf("%+v, %v", after, err)
	}
}
