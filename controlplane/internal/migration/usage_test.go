package migration_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/tenancy"
)

// What a cell had counted of a tenant that has left is recorded where the tenant
// lives, and forgotten only then; that of a tenant that is gone goes nowhere.
func TestLateUsageFollowsTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := w.tenant("acme") // lives in cell-a
	items := json.RawMessage(`[{"metric":"api_calls","day":"2026-01-02","quantity":7}]`)
	theirs := controlplane.LateUsage{Tenant: tenant.TenantID, Batch: uuid.Must(uuid.NewV7()), Items: items}
	w.cells["cell-b"].CountLate(theirs)
	w.cells["cell-c"].CountLate(controlplane.LateUsage{Tenant: tenancy.NewID(), Batch: uuid.Must(uuid.NewV7()), Items: items})
	courier := migration.UsageCourier{Meters: w.client, Tenants: postgres.TenantStore{DB: w.db}, Cells: postgres.CellStore{DB: w.db}}

	w.cells["cell-a"].SetState(tenant.TenantID, "sealed")
	if err := courier.RunOnce(t.Context()); err == nil {
		t.Error("a tenant that may not be written to took usage")
	}
	if late, _ := w.cells["cell-b"].Counted(); late != 1 {
		t.Errorf("%d batches wait in cell-b", late)
	}
	if late, _ := w.cells["cell-c"].Counted(); late != 0 {
		t.Errorf("%d batches of a tenant that is gone wait", late)
	}
	w.cells["cell-a"].SetState(tenant.TenantID, "live")
	for range 2 {
		if err := courier.RunOnce(t.Context()); err != nil {
			t.Error(err)
		}
	}
	late, _ := w.cells["cell-b"].Counted()
	if _, recorded := w.cells["cell-a"].Counted(); late != 0 || len(recorded) != 1 || recorded[theirs.Batch.String()] != string(items) {
		t.Errorf("%d batches wait, recorded: %v", late, recorded)
	}
}
