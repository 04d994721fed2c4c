package app_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func (p *program) setPlan(t *testing.T, id tenancy.ID, plan string) {
	t.Helper()
	got, err := p.client(t, controlplane.RoleOperator).UpdateTenantWithApplicationMergePatchPlusJSONBodyWithResponse(t.Context(), id, nil, api.TenantPatch{Plan: &plan})
	if err != nil || got.StatusCode() != http.StatusOK {
		t.Fatalf("plan %s: %v, %s", plan, err, got.Body)
	}
}

// The cell is told, however often it does not answer, and over a restart of the
// control plane; what was ordered first never overtakes what was ordered last.
func TestAPlanReachesTheTenantsCell(t *testing.T) {
	t.Parallel()
	opts := options(database(t))
	p := start(t, opts)
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	id, other := p.signUp(t, "acme").Tenant.TenantID, p.signUp(t, "initech").Tenant.TenantID
	var refused atomic.Int64
	cell.FailWith(func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/plan") && refused.Add(1) > 0 {
			return fault.New(fault.Unavailable, "the cell's database is away")
		}
		return nil
	})
	p.setPlan(t, id, "team")
	testkit.Eventually(t, "the cell to have been asked in vain", func() bool { return refused.Load() > 0 })
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = start(t, opts)
	p.setPlan(t, id, "business")
	if held := cell.Residents()[id]; held.Plan != "free" {
		t.Errorf("while it refuses, the cell has %+v", held)
	}
	cell.FailWith(nil)
	testkit.Eventually(t, "the cell to know the last plan", func() bool { return cell.Residents()[id].Plan == "business" })
	before := cell.Residents()[id].PlanVersion
	p.setPlan(t, id, "business") // no change, no order
	p.setPlan(t, other, "team")
	testkit.Eventually(t, "the cell to know the other tenant's plan", func() bool { return cell.Residents()[other].Plan == "team" })
	if after := cell.Residents()[id].PlanVersion; after != before {
		t.Errorf("told again what had not changed: version %d after %d", after, before)
	}
}

// A cell that did not understand whom to hold, when it was told, learns it all the
// same; so does one whose database was restored from before.
func TestWhatACellHasWrongIsToldAnew(t *testing.T) {
	t.Parallel()
	opts := options(database(t))
	p := start(t, opts)
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	id, other := p.signUp(t, "acme").Tenant.TenantID, p.signUp(t, "initech").Tenant.TenantID
	p.setPlan(t, other, "team")
	if got, err := p.client(t, controlplane.RoleOperator).SuspendTenantWithResponse(t.Context(), id, nil, api.SuspendRequest{Reason: new("unpaid")}); err != nil || got.StatusCode() != http.StatusOK {
		t.Fatalf("%v, %s", err, got.Body)
	}
	known := func() bool { of := cell.Residents(); return of[id].Held && of[other].Plan == "team" }
	testkit.Eventually(t, "the cell to know", known)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	forgetful, restored := cell.Residents()[id], cell.Residents()[other]
	forgetful.Held = false
	restored.Plan, restored.PlanVersion = "free", 0
	cell.Put(id, forgetful)
	cell.Put(other, restored)
	start(t, opts)
	testkit.Eventually(t, "the cell to know again", known)
}
