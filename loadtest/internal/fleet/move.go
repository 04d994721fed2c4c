package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sync/errgroup"
)

// Spent is how long a migration was in a stage.
func (m Migration) Spent(stage string) (spent time.Duration) {
	for _, t := range m.Timings {
		if t.Stage == stage && !t.Until.IsZero() {
			spent += t.Until.Sub(t.From)
		}
	}
	return spent
}

// Move moves a tenant without a rollback window and waits for the end.
func (f *Fleet) Move(ctx context.Context, tenant, target string) (Migration, error) {
	m, err := f.Migrate(ctx, tenant, target, 0)
	if err != nil {
		return m, err
	}
	const every = 50 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !m.Over() {
		select {
		case <-ctx.Done():
			return m, ctx.Err()
		case <-tick.C:
		}
		if m, err = f.Migration(ctx, m.ID); err != nil {
			return m, err
		}
	}
	return m, nil
}

// MoveAll moves many tenants, some at once; each must arrive.
func (f *Fleet) MoveAll(ctx context.Context, tenants []string, target string, atOnce int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, tenant := range tenants {
		group.Go(func() error {
			m, err := f.Move(ctx, tenant, target)
			if err == nil && m.Phase != "completed" {
				err = fmt.Errorf("the move of %s ended %s: %s", tenant, m.Phase, m.Failure)
			}
			return err
		})
	}
	return group.Wait()
}

// Fill gives a tenant about so many bytes of projects that do not compress.
func (f *Fleet) Fill(ctx context.Context, cell, tenant string, bytes int64) error {
	const row = 1 << 10
	const statement = `
		WITH home AS (
			INSERT INTO workspaces (tenant_id, workspace_id, name, description)
			VALUES ($1, gen_random_uuid(), 'filled ' || gen_random_uuid(), '') RETURNING workspace_id)
		INSERT INTO projects (tenant_id, project_id, workspace_id, name, description, status)
		SELECT $1, gen_random_uuid(), home.workspace_id, 'filled ' || i,
		       (SELECT string_agg(encode(sha256((i::text || j)::bytea), 'hex'), '') FROM generate_series(1, 15) j), 'active'
		FROM home, generate_series(1, $2::bigint) i`
	_, err := f.cells[cell].Exec(ctx, statement, tenant, bytes/row)
	return err
}

// PipeCopy times psql's COPY in binary of a tenant's projects, piped from one
// cell's database into a table like it in the other's.
func (f *Fleet) PipeCopy(ctx context.Context, from, to, tenant string) (time.Duration, error) {
	const table = "bench_projects"
	for _, statement := range []string{"DROP TABLE IF EXISTS " + table, "CREATE TABLE " + table + " (LIKE projects INCLUDING ALL)"} {
		if _, err := f.cells[to].Exec(ctx, statement); err != nil {
			return 0, err
		}
	}
	defer func() { _, _ = f.cells[to].Exec(context.WithoutCancel(ctx), "DROP TABLE "+table) }()
	cells := f.Platform.State().Endpoints.Cells
	out := exec.CommandContext(ctx, "psql", "-qXd", cells[from].SuperDatabaseURL, "-c",
		"COPY (SELECT * FROM projects WHERE tenant_id = '"+tenant+"') TO STDOUT (FORMAT binary)")
	in := exec.CommandContext(ctx, "psql", "-qXd", cells[to].SuperDatabaseURL, "-c", "COPY "+table+" FROM STDIN (FORMAT binary)")
	reader, writer, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	out.Stdout, in.Stdin = writer, reader
	begun := time.Now()
	err = errors.Join(in.Start(), out.Start())
	err = errors.Join(err, reader.Close(), writer.Close()) // theirs are copies
	if err != nil {
		return 0, err
	}
	err = errors.Join(out.Wait(), in.Wait())
	return time.Since(begun), err
}
