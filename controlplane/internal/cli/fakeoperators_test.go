package cli_test

import (
	"context"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

// newSecret is the secret of every key that the fake makes.
var newSecret = "ctk_" + strings.Repeat("N", 43)

func seedKeys() []api.Key {
	cell, used, revoked := "cell-a", noon.Add(-time.Hour), noon.Add(-2*time.Hour)
	return []api.Key{
		{Name: "ada", Role: api.RoleAdmin, CreatedAt: noon.Add(-72 * time.Hour), LastUsedAt: &used},
		{Name: "cell-a", Role: api.RoleCell, Cell: &cell, CreatedAt: noon.Add(-48 * time.Hour)},
		{Name: "old", Role: api.RoleViewer, CreatedAt: noon.Add(-99 * 24 * time.Hour), RevokedAt: &revoked},
	}
}

func (f *fakePlane) ListKeys(_ context.Context, r api.ListKeysRequestObject) (api.ListKeysResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys, next := cut(f.operators, r.Params.Limit, r.Params.Cursor)
	return api.ListKeys200JSONResponse{Keys: keys, NextCursor: next}, nil
}

func (f *fakePlane) CreateKey(_ context.Context, r api.CreateKeyRequestObject) (api.CreateKeyResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.operators {
		if k.Name == r.Body.Name {
			return nil, fault.New(fault.Conflict, "there is, or was, a key with this name or secret; choose another")
		}
	}
	made := api.Key{Name: r.Body.Name, Role: r.Body.Role, Cell: r.Body.Cell, CreatedAt: noon}
	f.operators = append(f.operators, made)
	return api.CreateKey201JSONResponse{Key: made, Secret: newSecret}, nil
}

func (f *fakePlane) RevokeKey(_ context.Context, r api.RevokeKeyRequestObject) (api.RevokeKeyResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.operators {
		if f.operators[i].Name == r.Name {
			f.operators[i].RevokedAt = &noon
			return api.RevokeKey204Response{}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "no such API key")
}

func (f *fakePlane) ListAudit(_ context.Context, r api.ListAuditRequestObject) (api.ListAuditResponseObject, error) {
	request := "0193b0c4-0000-7000-8000-000000000001"
	all := []api.AuditEntry{
		{ID: 3, At: noon, Actor: "ada", Role: "operator", Action: "tenant.suspend", Target: id(1).String(), RequestID: &request, Detail: &map[string]any{"reason": "unpaid \x1b[31m"}},
		{ID: 2, At: noon.Add(-time.Minute), Actor: "system", Role: "system", Action: "cell.activate", Target: "cell-a"},
		{ID: 1, At: noon.Add(-time.Hour), Actor: "public", Role: "public", Action: "signup.commit", Target: id(1).String(), Detail: &map[string]any{}},
	}
	var found []api.AuditEntry
	for _, e := range all {
		if p := r.Params; (p.Actor == nil || *p.Actor == e.Actor) && (p.Action == nil || *p.Action == e.Action) && (p.Target == nil || *p.Target == e.Target) {
			found = append(found, e)
		}
	}
	found, next := cut(found, r.Params.Limit, r.Params.Cursor)
	return api.ListAudit200JSONResponse{Entries: found, NextCursor: next}, nil
}
