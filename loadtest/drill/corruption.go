package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// databaseCorrupted flips bytes in a cell's heap files while the database is not
// looking. Checksums must tell, also to who reads the rows; the database is then
// replaced from backup and archive.
func databaseCorrupted(ctx context.Context, w *world) error {
	all, err := w.settle(ctx, cellA, w.tenants)
	if err != nil {
		return err
	}
	backup, err := w.backup(ctx)
	if err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	stop(all)
	part, server := "pg-"+cellA, w.fleet.Platform.CellPostgres(cellA)
	var heap string
	if err := w.query(ctx, cellA, `SELECT pg_relation_filepath('projects')`, &heap); err != nil {
		return err
	}
	if err := w.fleet.Platform.Stop(ctx, part); err != nil { // in order: its last log is archived
		return err
	}
	if err := flip(filepath.Join(server.Data(), heap)); err != nil {
		return err
	}
	if err := w.fleet.Restart(ctx, part); err != nil {
		return err
	}
	var n int
	err = w.query(ctx, cellA, `SELECT count(*) FROM projects WHERE description <> ''`, &n)
	if err == nil {
		return errors.New("damaged pages were read as if nothing were wrong with them")
	}
	w.say("who reads the rows is told: %v", err)

	failure := time.Now()
	if err := w.fleet.Platform.Stop(ctx, part); err != nil {
		return err
	}
	if _, code, err := w.follow(ctx, "DatabaseCorrupted", "detect", "PGDATA="+server.Data()); err != nil || code == 0 {
		return fmt.Errorf("the checksums were found right (exit %d): %w", code, err)
	}
	if err := os.Rename(server.Data(), server.Data()+".corrupted"); err != nil {
		return err
	}
	if err := w.restore(ctx, cellA, backup, time.Time{}); err != nil {
		return err
	}
	if err := served(ctx, all); err != nil { // nothing is lost, so the cell is reconciled by itself
		return err
	}
	rto := time.Since(failure)
	if err := w.must(ctx, "DatabaseCorrupted", "look", "CELL="+cellA); err != nil {
		return err
	}
	s, err := compare(ctx, all, time.Time{})
	if err != nil {
		return err
	}
	homeless, err := w.homeless(ctx, all)
	if err != nil {
		return err
	}
	w.none("not_live_in_exactly_one_cell", homeless)
	w.report(s, rto, s.rpo(failure))
	return nil
}

// flip inverts some bytes in the middle of every page of a file.
func flip(file string) (err error) {
	const page, within, count = 8192, 6000, 8
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < page {
		return fmt.Errorf("%s has no page", file)
	}
	for at := int64(within); at < info.Size(); at += page {
		var some [count]byte
		if _, err := f.ReadAt(some[:], at); err != nil {
			return err
		}
		for i := range some {
			some[i] = ^some[i]
		}
		if _, err := f.WriteAt(some[:], at); err != nil {
			return err
		}
	}
	return nil
}
