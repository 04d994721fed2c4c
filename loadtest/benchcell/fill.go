package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/tenancy"
)

// target is a tenant as the loads know it; see cell/cmd/storeload.
type target struct {
	Tenant    tenancy.ID `json:"tenant"`
	Epoch     uint64     `json:"epoch"`
	KeyHash   []byte     `json:"key_hash"`
	Workspace uuid.UUID  `json:"workspace"`
	Project   uuid.UUID  `json:"project"`
	key       string
}

// numbered is the n-th id of a kind: ids are made up, so that scripts can name them.
func numbered(kind byte, n, of int) uuid.UUID {
	id := uuid.UUID{6: 0x70, 8: 0x80, 9: kind}
	binary.BigEndian.PutUint32(id[0:], uint32(of))
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

func targetOf(n int) target {
	id := tenancy.ID(numbered('t', n, n))
	key := fmt.Sprintf("cdt_%x_%043d", id[:], n)
	hash := sha256.Sum256([]byte(key))
	return target{Tenant: id, Epoch: 1, KeyHash: hash[:], Workspace: numbered('w', n, n), Project: numbered('p', n, 0), key: key}
}

// fill makes the tenants that every measurement uses.
func (w *world) fill(ctx context.Context) error {
	for n := range tenantCount {
		w.targets = append(w.targets, targetOf(n))
	}
	return w.load(ctx, 0, tenantCount)
}

// columns of what a tenant needs, in the order in which they refer to each other.
var fillTables = []struct {
	name    string
	columns []string
	rows    int // of one tenant
	row     func(t target, n, i int) []any
}{
	{"tenants", []string{"tenant_id", "slug", "state", "epoch", "content_hash"}, 1, func(t target, n, _ int) []any {
		return []any{uuid.UUID(t.Tenant), fmt.Sprintf("tenant-%d", n), "live", 1, t.KeyHash}
	}},
	{"tenant_gate", []string{"tenant_id", "open"}, 1, func(t target, _, _ int) []any { return []any{uuid.UUID(t.Tenant), true} }},
	{"organizations", []string{"tenant_id", "slug", "name", "plan"}, 1, func(t target, n, _ int) []any {
		return []any{uuid.UUID(t.Tenant), fmt.Sprintf("tenant-%d", n), "Acme", "free"}
	}},
	{"users", []string{"tenant_id", "user_id", "email", "name", "role", "status"}, 1, func(t target, n, _ int) []any {
		return []any{uuid.UUID(t.Tenant), numbered('u', n, n), "ada@example.org", "Ada", "owner", "active"}
	}},
	{"api_keys", []string{"tenant_id", "key_id", "user_id", "key_hash"}, 1, func(t target, n, _ int) []any {
		return []any{uuid.UUID(t.Tenant), numbered('k', n, n), numbered('u', n, n), t.KeyHash}
	}},
	{"workspaces", []string{"tenant_id", "workspace_id", "name", "description"}, 1, func(t target, _, _ int) []any {
		return []any{uuid.UUID(t.Tenant), t.Workspace, "Research", ""}
	}},
	{"projects", []string{"tenant_id", "project_id", "workspace_id", "name", "description", "status"}, projectsEach, func(t target, n, i int) []any {
		return []any{uuid.UUID(t.Tenant), numbered('p', n, i), t.Workspace, fmt.Sprintf("Project %d", i), "What we work on.", "active"}
	}},
}

// load copies tenants from, from+1, … below to into the database, as its owner.
func (w *world) load(ctx context.Context, from, to int) (err error) {
	conn, err := pgx.Connect(ctx, w.postgres.SuperDSN(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	// What is copied is whole; looking up every foreign key would take minutes.
	if _, err := conn.Exec(ctx, `SET session_replication_role = replica`); err != nil {
		return err
	}
	for _, table := range fillTables {
		n, i := from, 0
		next := pgx.CopyFromFunc(func() ([]any, error) {
			if n == to {
				return nil, nil
			}
			row := table.row(targetOf(n), n, i)
			if i++; i == table.rows {
				n, i = n+1, 0
			}
			return row, nil
		})
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, next); err != nil {
			return fmt.Errorf("copy %s: %w", table.name, err)
		}
	}
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
	return err
}

// sql runs one statement as the superuser.
func (w *world) sql(ctx context.Context, in, statement string) error {
	conn, err := pgx.Connect(ctx, w.postgres.SuperDSN(in))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

func ready(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
