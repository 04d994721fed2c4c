package controlplane_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func tenantIn(state directory.State) controlplane.Tenant {
	return controlplane.Tenant{Assignment: directory.Assignment{State: state}}
}

func TestTenantStates(t *testing.T) {
	t.Parallel()
	suspend := func(t controlplane.Tenant) (controlplane.Tenant, bool, error) { return t.Suspend("unpaid") }
	del := func(t controlplane.Tenant) (controlplane.Tenant, bool, error) { return t.Delete(time.Unix(9, 0)) }
	deleting := func(before directory.State, reaping bool) controlplane.Tenant {
		x := tenantIn(directory.Deleting)
		x.ResumeTo, x.Reaping = before, reaping
		return x
	}
	for _, c := range []struct {
		name    string
		from    controlplane.Tenant
		rule    func(controlplane.Tenant) (controlplane.Tenant, bool, error)
		to      directory.State
		changed bool
	}{
		{"suspend", tenantIn(directory.Active), suspend, directory.Suspended, true},
		{"suspend again", tenantIn(directory.Suspended), suspend, directory.Suspended, false},
		{"suspend deleting", tenantIn(directory.Deleting), suspend, "", false},
		{"suspend provisioning", tenantIn(directory.Provisioning), suspend, "", false},
		{"resume", tenantIn(directory.Suspended), controlplane.Tenant.Resume, directory.Active, true},
		{"resume active", tenantIn(directory.Active), controlplane.Tenant.Resume, directory.Active, false},
		{"undelete", deleting(directory.Active, false), controlplane.Tenant.Resume, directory.Active, true},
		{"undelete to suspended", deleting(directory.Suspended, false), controlplane.Tenant.Resume, directory.Suspended, true},
		{"undelete too late", deleting(directory.Active, true), controlplane.Tenant.Resume, "", false},
		{"resume tombstone", tenantIn(directory.Deleted), controlplane.Tenant.Resume, "", false},
		{"delete", tenantIn(directory.Active), del, directory.Deleting, true},
		{"delete suspended", tenantIn(directory.Suspended), del, directory.Deleting, true},
		{"delete again", tenantIn(directory.Deleting), del, directory.Deleting, false},
		{"delete provisioning", tenantIn(directory.Provisioning), del, "", false},
	} {
		next, changed, err := c.rule(c.from)
		if c.to == "" {
			if fault.CodeOf(err) != fault.Conflict || next.State != c.from.State {
				t.Errorf("%s: %v, %v", c.name, next.State, err)
			}
			continue
		}
		if err != nil || next.State != c.to || changed != c.changed {
			t.Errorf("%s: %v, changed %v, %v", c.name, next.State, changed, err)
		}
	}
}

func TestDeleteAndResumeIsTheIdentity(t *testing.T) {
	t.Parallel()
	for _, state := range []directory.State{directory.Active, directory.Suspended} {
		before := tenantIn(state)
		before.SuspendedReason = "unpaid"
		deleted, _, err := before.Delete(time.Unix(9, 0))
		if err != nil {
			t.Fatal(err)
		}
		after, _, err := deleted.Resume()
		if err != nil || after.State != before.State || after.SuspendedReason != before.SuspendedReason || !after.DeleteAfter.IsZero() {
			t.Errorf("%s became %+v, %v", state, after, err)
		}
	}
}

func TestCellMoves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to directory.CellState
		tenants  int
		ok       bool
	}{
		{directory.CellActive, directory.CellCordoned, 3, true},
		{directory.CellActive, directory.CellDraining, 3, true},
		{directory.CellActive, directory.CellRetired, 0, false},
		{directory.CellCordoned, directory.CellActive, 3, true},
		{directory.CellCordoned, directory.CellRetired, 3, false},
		{directory.CellCordoned, directory.CellRetired, 0, true},
		{directory.CellDraining, directory.CellRetired, 0, true},
		{directory.CellDraining, directory.CellProvisioning, 0, false},
		{directory.CellProvisioning, directory.CellActive, 0, false},
		{directory.CellProvisioning, directory.CellRetired, 0, true},
		{directory.CellRetired, directory.CellActive, 0, false},
	} {
		cell := controlplane.Cell{State: c.from, AssignedTenants: c.tenants}
		if err := cell.CheckMove(c.to); (err == nil) != c.ok {
			t.Errorf("%s → %s with %d tenants: %v", c.from, c.to, c.tenants, err)
		}
	}
}

func TestRegistrationOfACellWithTenants(t *testing.T) {
	t.Parallel()
	r := controlplane.CellRegistration{Region: "us", Tier: "standard", Endpoint: "http://a"}
	cell := controlplane.Cell{CellRegistration: r, State: directory.CellActive, AssignedTenants: 1}
	moved, elsewhere := r, r
	moved.Endpoint, elsewhere.Region = "http://b", "eu"
	if err := cell.CheckRegistration(moved); err != nil {
		t.Errorf("new endpoint: %v", err)
	}
	if err := cell.CheckRegistration(elsewhere); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("new region: %v", err)
	}
	cell.State = directory.CellRetired
	if err := cell.CheckRegistration(r); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("retired: %v", err)
	}
}

func TestSignupRequests(t *testing.T) {
	t.Parallel()
	good := controlplane.SignupRequest{Organization: "Acme", Owner: controlplane.Owner{Name: "Ann", Email: "ann@example.org"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*controlplane.SignupRequest){
		"/organization": func(r *controlplane.SignupRequest) { r.Organization = " \t" },
		"/owner/name":   func(r *controlplane.SignupRequest) { r.Owner.Name = "Ann\r\nBcc: all@example.org" },
		"/owner/email":  func(r *controlplane.SignupRequest) { r.Owner.Email = "Ann <ann@example.org>" },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	secret := controlplane.NewSecret()
	if _, ok := controlplane.HashSecret(secret); !ok || secret == controlplane.NewSecret() {
		t.Fatalf("%q", secret)
	}
	for _, bad := range []string{"", secret[:len(secret)-1], secret + "A", "ctx_" + secret[4:], secret[:10] + "+" + secret[11:]} {
		if _, ok := controlplane.HashSecret(bad); ok {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestOwnerKeysDependOnEverything(t *testing.T) {
	t.Parallel()
	a, b := tenancy.NewID(), tenancy.NewID()
	key := controlplane.OwnerKey([]byte("m"), a, "x")
	if key != controlplane.OwnerKey([]byte("m"), a, "x") || len(key) != len("cdt_")+32+1+43 {
		t.Fatalf("%q", key)
	}
	for _, other := range []string{controlplane.OwnerKey([]byte("n"), a, "x"), controlplane.OwnerKey([]byte("m"), b, "x"), controlplane.OwnerKey([]byte("m"), a, "y")} {
		if other[len(other)-43:] == key[len(key)-43:] {
			t.Errorf("%q repeats", other)
		}
	}
}

func TestHeadroomIsAShareAndFallsWithLoad(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := controlplane.Cell{
			CellRegistration: controlplane.CellRegistration{CapacityTenants: rapid.IntRange(1, 1000).Draw(t, "capacity")},
			AssignedTenants:  rapid.IntRange(0, 2000).Draw(t, "assigned"),
			Heartbeat:        controlplane.Heartbeat{Tenants: rapid.IntRange(0, 2000).Draw(t, "tenants"), CPU: rapid.Float64Range(0, 1).Draw(t, "cpu")},
		}
		before := c.Headroom()
		if before < 0 || before > 1 || c.Full() && before != 0 {
			t.Fatalf("headroom %v", before)
		}
		c.AssignedTenants++
		if c.Headroom() > before {
			t.Fatalf("%v → %v with one tenant more", before, c.Headroom())
		}
	})
}
