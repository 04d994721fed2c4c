package cli_test

import (
	"context"
	"io"
	"testing"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/fault"
)

// losses is what the fake finds to be lost or disputed, if it is broken.
func (f *fakePlane) losses() []api.Finding {
	if !f.broken {
		return []api.Finding{}
	}
	return []api.Finding{{TenantID: f.tenants[0].TenantID, Slug: f.tenants[0].Slug, What: "missing"}}
}

func (f *fakePlane) ReconcileCell(_ context.Context, r api.ReconcileCellRequestObject) (api.ReconcileCellResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.cell(r.Cell); err != nil {
		return nil, err
	}
	return api.ReconcileCell200JSONResponse{
		Cell: r.Cell, Serving: false, Timeline: 3, Fences: 12, Depart: 2, Open: 1, Lost: f.losses(), Disputed: []api.Finding{},
		Ended: api.EndedMoves{Migrations: []api.MigrationID{}, Exports: 1},
	}, nil
}

func (f *fakePlane) RebuildDirectory(_ context.Context, r api.RebuildDirectoryRequestObject) (api.RebuildDirectoryResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Params.ValidateOnly == nil || !*r.Params.ValidateOnly {
		f.created++
	}
	return api.RebuildDirectory200JSONResponse{
		Cells: 2, Fences: 12, Same: 9, Created: []api.ClaimedTenant{{TenantID: f.tenants[0].TenantID, Slug: "acme", Cell: "cell-a", Epoch: 2}},
		Corrected: []api.ClaimedTenant{}, Lost: []api.Finding{}, Disputed: f.losses(),
	}, nil
}

func (f *fakePlane) RestoreTenant(_ context.Context, r api.RestoreTenantRequestObject) (api.RestoreTenantResponseObject, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.tenant(r.Tenant)
	switch {
	case err != nil:
		return nil, err
	case string(body) != "an archive\n":
		return nil, fault.New(fault.Malformed, "this is no export")
	}
	t.Epoch++
	if r.Params.Cell != nil {
		t.Cell = *r.Params.Cell
	}
	return api.RestoreTenant200JSONResponse{Tenant: *t, Rows: 7}, nil
}

func TestCellRestored(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("cell", "restored", "cell-a").wants(t, cli.ExitUsage, "--yes")
	term.run("cell", "restored", "cell-a", "--dry-run").wants(t, 0, "Depart", "2", "Fences", "12")
	term.run("cell", "restored", "cell-a", "--yes").wants(t, 0, "0 migrations, 1 exports", "agrees with the directory and serves")
	term.run("cell", "restored", "cell-x", "--yes").wants(t, 1, "no such cell")
	term.person("cell-b")
	term.run("cell", "restored", "cell-a").wants(t, 1, "not confirmed")
	plane.mu.Lock()
	plane.broken = true
	plane.mu.Unlock()
	term.run("cell", "restored", "cell-a", "--yes").wants(t, cli.ExitMismatch, "missing", "1 tenant lost", "CellRestored.md")
	term.run("cell", "restored", "cell-a", "--yes", "-o", "jsonl").wants(t, cli.ExitMismatch, `"what":"missing"`)
}

func TestDirectoryRebuild(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("directory", "rebuild").wants(t, cli.ExitUsage, "--yes")
	term.run("directory", "rebuild", "--dry-run").wants(t, 0, "Created", "1")
	if plane.created != 0 {
		t.Error("a dry run has changed something")
	}
	term.person("rebuild")
	term.run("directory", "rebuild").wants(t, 0, "directory and cells agree")
	plane.mu.Lock()
	plane.broken = true
	plane.mu.Unlock()
	term.run("directory", "rebuild", "--yes").wants(t, cli.ExitMismatch, "disputed", "DirectoryLost.md")
}

func TestTenantRestore(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, startPlane(t))
	good, bad := term.write("good.ndjson", "an archive\n"), term.write("bad.ndjson", "no archive\n")
	term.run("tenant", "restore", "acme", "--yes").wants(t, cli.ExitUsage, "--archive")
	term.run("tenant", "restore", "acme", "--yes", "--archive", "nowhere").wants(t, 1, "no such file")
	term.run("tenant", "restore", "nobody", "--yes", "--archive", good).wants(t, 1, "nobody")
	term.run("tenant", "restore", "acme", "--archive", good).wants(t, cli.ExitUsage, "--yes")
	term.run("tenant", "restore", "acme", "--yes", "--archive", bad).wants(t, 1, "this is no export")
	term.run("tenant", "restore", "acme", "--yes", "--archive", good, "--to", "cell-b").wants(t, 0, "7 rows", "cell-b")
}
