package citus_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// trips yields lookups, a slice for each round trip.
func trips(levels ...[]cell.Lookup) func() ([]cell.Lookup, bool) {
	return func() ([]cell.Lookup, bool) {
		now := levels[0]
		levels = levels[1:]
		return now, len(levels) == 0
	}
}

// everyLookup is each kind of lookup, in each of its ways.
func everyLookup(workspace uuid.UUID) []cell.Lookup {
	page := cell.PageRequest{Limit: 2}
	return []cell.Lookup{
		&cell.OrganizationLookup{LookupOf: cell.LookupOf[cell.Organization]{Permission: cell.OrganizationRead}},
		&cell.UserLookup{LookupOf: cell.LookupOf[cell.User]{Permission: cell.UsersRead, Page: page}, Filter: cell.UserFilter{Text: "A", Status: cell.UserActive}},
		&cell.WorkspaceLookup{LookupOf: cell.LookupOf[cell.Workspace]{Permission: cell.WorkspacesRead, IDs: []uuid.UUID{workspace, newID()}}},
		&cell.WorkspaceLookup{LookupOf: cell.LookupOf[cell.Workspace]{Permission: cell.WorkspacesRead, Of: []uuid.UUID{newID()}, Page: page}},
		&cell.MemberLookup{LookupOf: cell.LookupOf[cell.WorkspaceMember]{Permission: cell.WorkspacesRead, Of: []uuid.UUID{workspace}, Page: page}},
		&cell.ProjectLookup{LookupOf: cell.LookupOf[cell.Project]{Permission: cell.ProjectsRead, Of: []uuid.UUID{workspace}, Page: page}, Filter: cell.ProjectFilter{Tag: "x", Terms: []string{"a"}}},
		&cell.SessionLookup{LookupOf: cell.LookupOf[cell.Session]{Permission: cell.UsersWrite, Of: []uuid.UUID{newID()}, Page: page}},
		&cell.KeyLookup{LookupOf: cell.LookupOf[cell.Key]{Permission: cell.UsersWrite, Of: []uuid.UUID{newID()}, Page: page}},
		&cell.InvitationLookup{LookupOf: cell.LookupOf[cell.Invitation]{Permission: cell.UsersRead, Page: page}},
		&cell.RoleLookup{LookupOf: cell.LookupOf[cell.CustomRole]{Permission: cell.RolesRead, Page: page}},
		&cell.EndpointLookup{LookupOf: cell.LookupOf[cell.WebhookEndpoint]{Permission: cell.WebhooksRead, Page: page}},
		&cell.DeliveryLookup{LookupOf: cell.LookupOf[cell.Delivery]{Permission: cell.WebhooksRead, Of: []uuid.UUID{newID()}, Page: page}, Filter: cell.DeliveryFilter{State: cell.DeliveryFailed}},
		&cell.JobLookup{LookupOf: cell.LookupOf[cell.Job]{Permission: cell.JobsRead, Page: page}, Filter: cell.JobFilter{State: cell.JobDone, Kind: "x"}},
		&cell.ScheduleLookup{LookupOf: cell.LookupOf[cell.Schedule]{Permission: cell.SchedulesRead, Page: page}},
		&cell.UsageLookup{LookupOf: cell.LookupOf[cell.Usage]{Permission: cell.UsageRead}},
		&cell.AuditLookup{LookupOf: cell.LookupOf[cell.AuditEntry]{Permission: cell.AuditRead, Page: page}, Filter: cell.AuditFilter{Action: "workspace.created"}},
	}
}

// Whatever is looked up together is one round trip; the first one has the fence,
// the last one the commit.
func TestLookupsTakeARoundTripALevel(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	meter := newMeter(t, dsn)
	db := openAt(t, dsn, testkit.DSNAs(t, meter.dsn, citus.AppRole, passwords.App), 1)
	for caller, calls := range callers {
		a := db.live(t)
		call := calls(t, db, a)
		ws, err := db.store.CreateWorkspace(t.Context(), call(cell.WorkspacesWrite), cell.Workspace{ID: newID(), Name: "w"}, entry("workspace.created"))
		must(t, err)
		db.used(t, a)
		var first []cell.Lookup
		for n := range 3 {
			first = everyLookup(ws.ID)
			before := meter.turns()
			must(t, db.store.LookUp(t.Context(), call(cell.Anyone), trips([][]cell.Lookup{first, everyLookup(ws.ID), nil}[:n+1]...)))
			if got := meter.turns() - before; got != n+1 {
				t.Errorf("%s: %d round trips, want %d", caller, got, n+1)
			}
		}
		if found := first[2].(*cell.WorkspaceLookup); len(found.Rows) != 1 || found.Rows[0].ID != ws.ID || found.Err != nil { //nolint:forcetypeassert // made above
			t.Errorf("%s: %+v", caller, found)
		}
	}
}

// Each parent has its own page, in its own order.
func TestLookupOfSeveralParents(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	call := func(p cell.Permission) *cell.Call { return by(a, p) }
	var spaces []uuid.UUID
	names := map[uuid.UUID][]string{}
	for i := range 3 {
		ws, err := db.store.CreateWorkspace(t.Context(), call(cell.WorkspacesWrite), cell.Workspace{ID: newID(), Name: string(rune('a' + i))}, entry("workspace.created"))
		must(t, err)
		for j := range 2 * i {
			name := ws.Name + string(rune('0'+j))
			_, err := db.store.CreateProject(t.Context(), call(cell.ProjectsWrite), cell.Project{ID: newID(), WorkspaceID: ws.ID, Name: name, Status: cell.ProjectActive}, entry("project.created"))
			must(t, err)
			names[ws.ID] = append(names[ws.ID], name)
		}
		spaces = append(spaces, ws.ID)
	}
	slices.Reverse(spaces)
	l := &cell.ProjectLookup{LookupOf: cell.LookupOf[cell.Project]{Permission: cell.ProjectsRead, Of: spaces, Page: cell.PageRequest{Limit: 2}}}
	must(t, db.store.LookUp(t.Context(), call(cell.Anyone), trips([]cell.Lookup{l})))
	got := map[uuid.UUID][]string{}
	for i, p := range l.Rows {
		if l.Parents[i] != p.WorkspaceID {
			t.Errorf("%s is said to be in %s", p.Name, l.Parents[i])
		}
		got[l.Parents[i]] = append(got[l.Parents[i]], p.Name)
	}
	for _, space := range spaces {
		if want := names[space][:min(3, len(names[space]))]; !slices.Equal(got[space], want) {
			t.Errorf("%v, want %v", got[space], want)
		}
	}
}

// What a caller may not see is refused alone; a call that is not valid, for all.
func TestLookupsAreJudgedEach(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	machine := holding(a, machineToken(cell.Viewer), cell.Anyone)
	users := &cell.UserLookup{LookupOf: cell.LookupOf[cell.User]{Permission: cell.UsersRead, Page: cell.PageRequest{Limit: 5}}}
	log := &cell.AuditLookup{LookupOf: cell.LookupOf[cell.AuditEntry]{Permission: cell.AuditRead, Page: cell.PageRequest{Limit: 5}}}
	must(t, db.store.LookUp(t.Context(), machine, trips([]cell.Lookup{users, log})))
	if users.Err != nil || len(users.Rows) == 0 || fault.CodeOf(log.Err) != fault.Forbidden || len(log.Rows) != 0 {
		t.Errorf("%+v %+v", users.LookupOf, log.LookupOf)
	}
	stranger := by(a, cell.Anyone)
	stranger.KeyHash = []byte("no key")
	again := &cell.UserLookup{LookupOf: cell.LookupOf[cell.User]{Permission: cell.UsersRead}}
	if err := db.store.LookUp(t.Context(), stranger, trips([]cell.Lookup{again}, nil)); fault.CodeOf(err) != fault.Unauthenticated || len(again.Rows) != 0 {
		t.Errorf("%v %+v", err, again.LookupOf)
	}
}
