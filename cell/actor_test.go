package cell_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/coditect/platform/cell"
)

var (
	everyRole       = []cell.Role{cell.Viewer, cell.Member, cell.Admin, cell.Owner, "root", ""}
	everyPermission = []cell.Permission{
		cell.OrganizationRead, cell.OrganizationWrite, cell.UsersRead, cell.UsersWrite, cell.WorkspacesRead, cell.WorkspacesWrite,
		cell.ProjectsRead, cell.ProjectsWrite, cell.AuditRead, cell.JobsRead,
	}
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
		actor := cell.Actor{Role: role, Token: token}
		byRoles, narrowing, allowed := false, false, false
		for _, r := range token.Roles {
			byRoles = byRoles || r.Has(permission)
		}
		for _, s := range token.Scopes {
			narrowing = narrowing || s != "openid" && s != "profile"
			allowed = allowed || s == string(permission)
		}
		want := role.Has(permission) && (len(token.Roles) == 0 || byRoles)
		if token.Machine {
			want = byRoles
		}
		want = want && (!narrowing || allowed)
		if got := actor.Has(permission); got != want {
			t.Fatalf("%v with %+v has %s: %v, want %v", role, token, permission, got, want)
		}
	})
}
