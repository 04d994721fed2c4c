package citus_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// callers are the ways to show who calls, each with every right.
var callers = map[string]func(*testing.T, *database, cell.Arrival) func(cell.Permission) *cell.Call{
	"key": func(_ *testing.T, _ *database, a cell.Arrival) func(cell.Permission) *cell.Call {
		return func(p cell.Permission) *cell.Call { return by(a, p) }
	},
	"user's token": func(t *testing.T, db *database, a cell.Arrival) func(cell.Permission) *cell.Call {
		owner := db.owner(t, a)
		return func(p cell.Permission) *cell.Call { return holding(a, userToken(owner), p) }
	},
	"machine's token": func(_ *testing.T, _ *database, a cell.Arrival) func(cell.Permission) *cell.Call {
		return func(p cell.Permission) *cell.Call { return holding(a, machineToken(cell.Owner), p) }
	},
}

func holding(a cell.Arrival, token *cell.Token, p cell.Permission) *cell.Call {
	return &cell.Call{Tenant: a.TenantID, Epoch: a.Epoch, Token: token, Permission: p, RequestID: "test"}
}

func userToken(user uuid.UUID) *cell.Token {
	return &cell.Token{UserID: user, Subject: user.String(), Client: "app"}
}

func machineToken(roles ...cell.Role) *cell.Token {
	return &cell.Token{Machine: true, Client: "robot", Subject: "robot", Roles: roles}
}

func (db *database) owner(t *testing.T, a cell.Arrival) uuid.UUID {
	t.Helper()
	return uuid.MustParse(query(t, db.dsn, `SELECT user_id::text FROM users WHERE tenant_id = $1 AND role = 'owner'`, a.TenantID.String())[0])
}

func TestTokensOfUsers(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	owner := db.owner(t, a)
	read := func(a cell.Arrival, user uuid.UUID) error {
		_, err := db.store.GetOrganization(t.Context(), holding(a, userToken(user), cell.OrganizationRead))
		return err
	}
	must(t, read(a, owner))
	for name, err := range map[string]error{
		"in another tenant": read(other, owner), "unknown": read(a, newID()), "zero": read(a, uuid.Nil),
	} {
		if fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	user := cell.User{ID: newID(), Email: "bob@example.org", Name: "Bob", Role: cell.Admin, Status: cell.UserActive}
	_, err := db.store.CreateUser(t.Context(), by(a, cell.UsersWrite), user, entry("user.created"))
	must(t, err, read(a, user.ID))
	set := func(status cell.UserStatus) {
		_, err := db.store.UpdateUser(t.Context(), by(a, cell.UsersWrite), user.ID, cell.UserChange{Status: &status}, nil, entry("user.updated"))
		must(t, err)
	}
	set(cell.UserDisabled)
	if err := read(a, user.ID); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a disabled user's token: %v", err)
	}
	set(cell.UserActive)
	must(t, read(a, user.ID), db.store.DeleteUser(t.Context(), by(a, cell.UsersWrite), user.ID, nil, entry("user.deleted")))
	if err := read(a, user.ID); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a removed user's token: %v", err)
	}
}

// What a token narrows is judged where the caller's row is read.
func TestNarrowedTokens(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	owner := db.owner(t, a)
	narrowed := userToken(owner)
	narrowed.Roles = []cell.Role{cell.Admin}
	second := cell.User{ID: newID(), Email: "bob@example.org", Name: "Bob", Role: cell.Owner, Status: cell.UserActive}
	if _, err := db.store.CreateUser(t.Context(), holding(a, narrowed, cell.UsersWrite), second, entry("user.created")); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("an owner with a token for an admin makes an owner: %v", err)
	}
	narrowed.Roles, narrowed.Scopes = nil, []string{"openid", string(cell.WorkspacesRead)}
	if err := addAs(t, db, holding(a, narrowed, cell.WorkspacesWrite), "x"); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a token to read writes: %v", err)
	}
	_, err := db.store.ListWorkspaces(t.Context(), holding(a, narrowed, cell.WorkspacesRead), uuid.Nil, cell.PageRequest{Limit: 1})
	must(t, err)
	if err := addAs(t, db, holding(a, machineToken(cell.Viewer, "root"), cell.WorkspacesWrite), "x"); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a viewing machine writes: %v", err)
	}
}

func TestAuditNamesTokens(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	owner := db.owner(t, a)
	must(t, addAs(t, db, holding(a, userToken(owner), cell.WorkspacesWrite), "one"),
		addAs(t, db, holding(a, machineToken(cell.Admin), cell.WorkspacesWrite), "two"))
	entries, err := db.store.ListAudit(t.Context(), holding(a, machineToken(cell.Owner), cell.AuditRead), cell.AuditFilter{}, cell.PageRequest{Limit: 2})
	must(t, err)
	machine, user := entries[0], entries[1]
	if machine.ActorKind != cell.ActorClient || machine.ActorID != uuid.Nil || machine.Client != "robot" || machine.Subject != "robot" {
		t.Errorf("machine: %+v", machine)
	}
	if user.ActorKind != cell.ActorUser || user.ActorID != owner || user.Client != "app" || user.Subject != "" {
		t.Errorf("user: %+v", user)
	}
}
