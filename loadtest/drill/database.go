package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// backup is a base backup of the database that is going to be lost.
func (w *world) backup(ctx context.Context) (string, error) {
	into := filepath.Join(w.dir, "backup-"+cellA)
	return into, w.fleet.Platform.CellPostgres(cellA).BaseBackup(ctx, into)
}

// lose ends a cell's database as a machine does that is gone.
func (w *world) lose(ctx context.Context, cell string) error {
	if err := w.fleet.Kill(ctx, "pg-"+cell); err != nil {
		return err
	}
	data := w.fleet.Platform.CellPostgres(cell).Data()
	return os.Rename(data, data+".lost")
}

// restore puts a backup in its place, and the cell's database starts again, as
// of a time.
func (w *world) restore(ctx context.Context, cell, backup string, asOf time.Time) error {
	if err := w.fleet.Platform.CellPostgres(cell).Restore(ctx, backup, asOf); err != nil {
		return err
	}
	return w.fleet.Restart(ctx, "pg-"+cell)
}

// beside starts a server of its own from a backup of a cell's database, as of a
// time. It archives nothing: the archive is the cell's.
func (w *world) beside(ctx context.Context, cell, backup string, asOf time.Time) (variables []string, end func(), err error) {
	ports, err := servers.FreePorts(1)
	if err != nil {
		return nil, nil, err
	}
	server := w.fleet.Platform.CellPostgres(cell)
	server.Name, server.Dir, server.Port = "pg-beside", filepath.Join(w.dir, "beside"), ports[0]
	server.Settings = map[string]string{"archive_mode": "off"}
	if err := server.Restore(ctx, backup, asOf); err != nil {
		return nil, nil, err
	}
	if err := server.Prepare(ctx); err != nil {
		return nil, nil, err
	}
	process, err := servers.Start(server.Spec(), servers.Attached)
	if err != nil {
		return nil, nil, err
	}
	end = func() { _ = process.Stop(context.WithoutCancel(ctx)) } // its data go, too
	if err := process.AwaitReady(ctx); err != nil {
		end()
		return nil, nil, err
	}
	secrets := w.fleet.Platform.State().Secrets
	_, environment, err := w.fleet.Platform.Program("cell", cell)
	if err != nil {
		end()
		return nil, nil, err
	}
	variables = append(environment[len(environment)-1:], // CELL_CONTROL_KEY
		"CELL_MOVER_DATABASE_URL="+server.DSN("cell_mover", secrets.Cells[cell].MoverPassword, "cell"))
	return variables, end, nil
}

// refuses waits until a tenant of a restored cell is refused, and makes sure that
// it stays so for a while.
func (w *world) refuses(ctx context.Context, status func(context.Context) int, d time.Duration) error {
	const unavailable = 503
	err := await(ctx, "the cell to refuse", func() (bool, error) { return status(ctx) == unavailable, nil })
	for begun := time.Now(); err == nil && time.Since(begun) < d; {
		if s := status(ctx); s != unavailable {
			return fmt.Errorf("the cell was not reconciled, and answered %d", s)
		}
	}
	return err
}
