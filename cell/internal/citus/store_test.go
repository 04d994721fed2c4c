package citus_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

func TestAuditIsPartOfTheMutation(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	_, err := db.addWorkspace(t.Context(), a, "one")
	must(t, err)
	if _, err := db.addWorkspace(t.Context(), a, "ONE"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("same name: %v", err)
	}
	entries, err := db.store.ListAudit(t.Context(), by(a, cell.AuditRead), cell.AuditFilter{}, cell.PageRequest{Limit: 10})
	must(t, err)
	if len(entries) != 3 || entries[0].Action != "workspace.created" || entries[1].Action != "tenant.activated" || entries[2].Action != "tenant.prepared" {
		t.Fatalf("audit: %+v", entries)
	}
	first := entries[0]
	if first.ActorKind != cell.ActorUser || first.ActorID == uuid.Nil || first.RequestID != "test" || first.Details["name"] != "x" {
		t.Errorf("entry: %+v", first)
	}
}

func TestVersionsGuardChanges(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	ws, err := db.addWorkspace(t.Context(), a, "one")
	must(t, err)
	name := "two"
	change := cell.WorkspaceChange{Name: &name}
	update := func(pre cell.Precondition) (cell.Workspace, error) {
		return db.store.UpdateWorkspace(t.Context(), by(a, cell.WorkspacesWrite), ws.ID, change, pre, entry("workspace.updated"))
	}
	changed, err := update(cell.Precondition{7, 1})
	if err != nil || changed.Version != 2 || changed.Name != "two" || changed.Description != ws.Description {
		t.Errorf("%+v, %v", changed, err)
	}
	if _, err := update(cell.Precondition{1}); fault.CodeOf(err) != fault.Stale {
		t.Errorf("old version: %v", err)
	}
	if _, err := update(cell.Precondition{}); fault.CodeOf(err) != fault.Stale {
		t.Errorf("no version that could match: %v", err)
	}
	err = db.store.DeleteWorkspace(t.Context(), by(a, cell.WorkspacesWrite), newID(), nil, entry("workspace.deleted"))
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("delete what is not there: %v", err)
	}
}

func TestProjectsBelongToWorkspaces(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	ws, err := db.addWorkspace(t.Context(), a, "one")
	must(t, err)
	foreign, err := db.addWorkspace(t.Context(), other, "one")
	must(t, err)
	add := func(workspace uuid.UUID) error {
		p := cell.Project{ID: newID(), WorkspaceID: workspace, Name: "p", Status: cell.ProjectActive}
		_, err := db.store.CreateProject(t.Context(), by(a, cell.ProjectsWrite), p, entry("project.created"))
		return err
	}
	must(t, add(ws.ID))
	for _, bad := range []uuid.UUID{foreign.ID, newID()} {
		if err := add(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("project in workspace %s: %v", bad, err)
		}
	}
	err = db.store.DeleteWorkspace(t.Context(), by(a, cell.WorkspacesWrite), ws.ID, nil, entry("workspace.deleted"))
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("delete a workspace with projects: %v", err)
	}
	list, err := db.store.ListProjects(t.Context(), by(a, cell.ProjectsRead), cell.ProjectFilter{WorkspaceID: ws.ID, Status: cell.ProjectActive}, cell.PageRequest{Limit: 5})
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestATenantKeepsAnOwner(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	users, err := db.store.ListUsers(t.Context(), by(a, cell.UsersRead), cell.UserFilter{}, cell.PageRequest{Limit: 10})
	must(t, err)
	owner := users[0].ID
	member, disabled := cell.Member, cell.UserDisabled
	for name, change := range map[string]cell.UserChange{"demote": {Role: &member}, "disable": {Status: &disabled}} {
		if _, err := db.store.UpdateUser(t.Context(), by(a, cell.UsersWrite), owner, change, nil, entry("user.updated")); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s the last owner: %v", name, err)
		}
	}
	if err := db.store.DeleteUser(t.Context(), by(a, cell.UsersWrite), owner, nil, entry("user.deleted")); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("delete the last owner: %v", err)
	}
	admin := db.withUser(t, a, cell.Admin)
	admin.Permission = cell.UsersWrite
	if _, err := db.store.UpdateUser(t.Context(), admin, owner, cell.UserChange{Role: &member}, nil, entry("user.updated")); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("an admin demotes an owner: %v", err)
	}
	second := cell.User{ID: newID(), Email: "ADA@example.org", Name: "Ada", Role: cell.Owner, Status: cell.UserActive}
	if _, err := db.store.CreateUser(t.Context(), by(a, cell.UsersWrite), second, entry("user.created")); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the same address in another case: %v", err)
	}
	second.Email = "bob@example.org"
	if _, err := db.store.CreateUser(t.Context(), admin, second, entry("user.created")); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("an admin makes an owner: %v", err)
	}
	_, err = db.store.CreateUser(t.Context(), by(a, cell.UsersWrite), second, entry("user.created"))
	must(t, err)
	must(t, db.store.DeleteUser(t.Context(), by(a, cell.UsersWrite), owner, nil, entry("user.deleted")))
	if _, err := db.store.GetOrganization(t.Context(), by(a, cell.OrganizationRead)); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a deleted user's key: %v", err)
	}
}
