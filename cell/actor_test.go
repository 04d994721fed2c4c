package cell_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coditect/platform/cell"
)

var (
	everyRole       = []cell.Role{cell.Viewer, cell.Member, cell.Admin, cell.Owner, "root", ""}
	everyPermission = cell.Permissions()
	custom          = map[cell.Role][]cell.Permission{"root": {cell.ProjectsRead, cell.UsersWrite, "moon:walk"}}
)

// A token never gives a user a right that the user's role lacks, nor anybody
// one that its scopes leave out; a machine has its roles' rights only.
func TestTokensOnlyNarrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.SampledFrom(everyRole).Draw(t, "role")
		token := &cell.Token{
			Machine: rapid.Bool().Draw(t, "machine"),
			Roles:   rapid.SliceOfN(rapid.SampledFrom(everyRole), 0, 3).Draw(t, "roles"),
			Scopes:  rapid.SliceOfN(rapid.SampledFrom([]string{"openid", "profile", "projects:read", "users:write", "other:thing"}), 0, 3).Draw(t, "scopes"),
		}
		permission := rapid.SampledFrom(everyPermission).Draw(t, "permission")
		actor := cell.Actor{Role: role, Custom: custom, Token: token}
		has := func(r cell.Role) bool { return r.Grant(custom[r]).Has(permission) }
		byRoles, narrowing, allowed := false, false, false
		for _, r := range token.Roles {
			byRoles = byRoles || has(r)
		}
		for _, s := range token.Scopes {
			narrowing = narrowing || s != "openid" && s != "profile"
			allowed = allowed || s == string(permission)
		}
		want := has(role) && (len(token.Roles) == 0 || byRoles)
		if token.Machine {
			want = byRoles
		}
		want = want && (!narrowing || allowed)
		if got := actor.Has(permission); got != want {
			t.Fatalf("%v with %+v has %s: %v, want %v", role, token, permission, got, want)
		}
	})
}

// Scopes of a key narrow as those of a token do, and nobody is known by what
// this version does not know.
func TestKeysOnlyNarrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.SampledFrom(everyRole).Draw(t, "role")
		scopes := rapid.SliceOfN(rapid.SampledFrom([]string{"projects:read", "users:write", "moon:walk"}), 0, 3).Draw(t, "scopes")
		actor := cell.Actor{Role: role, Custom: custom, Scopes: scopes}
		for _, p := range append(cell.Permissions(), "moon:walk") {
			want := role.Grant(custom[role]).Has(p) && (len(scopes) == 0 || slices.Contains(scopes, string(p)))
			if actor.Has(p) != want || p == "moon:walk" && want {
				t.Fatalf("%v with %v has %s: %v", role, scopes, p, !want)
			}
		}
	})
}

// Who may manage a role has every right of it.
func TestNobodyManagesMoreThanItHas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		permissions := rapid.SliceOfN(rapid.SampledFrom(everyPermission), 0, 6)
		mine := cell.Role("mine").Grant(permissions.Draw(t, "mine"))
		theirs := cell.Role("theirs").Grant(permissions.Draw(t, "theirs"))
		if mine.MayManage(theirs) && (!mine.Has(cell.UsersWrite) || !mine.Covers(theirs)) || mine.MayManage(cell.Owner.Grant(nil)) {
			t.Fatalf("%v manages %v", mine, theirs)
		}
	})
	all := cell.Role("all").Grant(cell.Permissions())
	if all.MayManage(cell.Owner.Grant(nil)) || !all.MayManage(cell.Admin.Grant(nil)) || !cell.Owner.Grant(nil).MayManage(all) {
		t.Error("a role with every right is no owner")
	}
}
