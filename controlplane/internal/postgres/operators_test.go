package postgres_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/fault"
)

func TestOperatorsAccounts(t *testing.T) {
	t.Parallel()
	store, ctx := postgres.OperatorStore{DB: open(t)}, t.Context()
	ann, err := controlplane.NewOperatorAccount("ann@example.org", controlplane.RoleBilling)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Create(ctx, ann, controlplane.OperatorSecrets{PasswordHash: "hash", TOTP: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	second, _ := controlplane.NewOperatorAccount("ann@example.org", controlplane.RoleAdmin)
	if err := store.Create(ctx, second, controlplane.OperatorSecrets{PasswordHash: "other", TOTP: []byte{2}}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second account of the same address: %v", err)
	}
	look := func() (controlplane.OperatorAccount, controlplane.OperatorSecrets) {
		t.Helper()
		a, s, err := store.ByEmail(ctx, "ann@example.org")
		if err != nil {
			t.Fatal(err)
		}
		return a, s
	}
	if a, s := look(); a.ID != ann.ID || a.Role != controlplane.RoleBilling || s.PasswordHash != "hash" || !a.LastLoginAt.IsZero() {
		t.Errorf("as it was made: %+v %+v", a, s)
	}
	if first, err := store.LoggedIn(ctx, ann.ID, 7); !first || err != nil {
		t.Errorf("a first login: %v, %v", first, err)
	}
	for _, used := range []int64{6, 7} {
		if first, err := store.LoggedIn(ctx, ann.ID, used); first || err != nil {
			t.Errorf("step %d, which is over: %v, %v", used, first, err)
		}
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	for n := range 3 {
		if a, _ := look(); !a.LockedUntil.IsZero() {
			t.Errorf("locked after %d failures", n)
		}
		if err := store.Failed(ctx, ann.ID, 3, until); err != nil {
			t.Fatal(err)
		}
	}
	if a, _ := look(); !a.LockedUntil.Equal(until) || a.LastLoginAt.IsZero() {
		t.Errorf("after three failures: %+v", a)
	}
	for range 2 { // the second is no error, and no entry of the log
		if err := store.Disable(ctx, ann); err != nil {
			t.Fatal(err)
		}
	}
	a, err := store.ByID(ctx, ann.ID)
	if err != nil || a.DisabledAt.IsZero() || a.RevokedAt.IsZero() {
		t.Errorf("disabled: %+v, %v", a, err)
	}
	if first, err := store.LoggedIn(ctx, ann.ID, 100); first || err != nil {
		t.Errorf("a disabled one signs in: %v, %v", first, err)
	}
	if err := store.Reset(ctx, ann, controlplane.OperatorSecrets{PasswordHash: "new", TOTP: []byte{3}}); err != nil {
		t.Fatal(err)
	}
	if a, s := look(); !a.DisabledAt.IsZero() || !a.LockedUntil.IsZero() || a.RevokedAt.IsZero() || s.PasswordHash != "new" || s.TOTPStep != 0 {
		t.Errorf("reset: %+v %+v", a, s)
	}
	if _, err := store.ByID(ctx, second.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	if all, err := store.List(ctx); err != nil || len(all) != 1 || all[0].Email != "ann@example.org" {
		t.Errorf("all: %+v, %v", all, err)
	}
	var actions []string
	entries, err := postgres.AuditStore(store).List(ctx, controlplane.AuditFilter{Target: "ann@example.org"}, controlplane.Page{Limit: 10})
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	if err != nil || len(actions) != 3 || actions[0] != "operator.reset" || actions[1] != "operator.disable" || actions[2] != "operator.create" {
		t.Errorf("the log: %v, %v", actions, err)
	}
}
