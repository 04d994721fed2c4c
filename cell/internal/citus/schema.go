package citus

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/shared/pg"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// SchemaVersion is the schema that this program works with: that of its newest file.
var SchemaVersion = pg.NewestSchema(schemaFiles)

// ErrSchema says that the database is older than SchemaVersion.
var ErrSchema = errors.New("the database's schema is not the one this program works with")

// ApplySchema makes the roles, brings the database at dsn, whose role owns it,
// up to SchemaVersion and distributes its tables if the database has Citus. It
// may be repeated, and run by several processes at once.
func ApplySchema(ctx context.Context, dsn string, passwords Passwords) (int64, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return 0, describeConnect(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := ensureRoles(ctx, conn, passwords); err != nil {
		return 0, err
	}
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return 0, err
	}
	version, err := pg.ApplySchema(ctx, dsn, files)
	if err != nil {
		return 0, err
	}
	return version, distribute(ctx, conn)
}

// describeConnect keeps the URL, which pgx quotes in its parse errors, out of
// what may be logged.
func describeConnect(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return fmt.Errorf("connect to the database: %w", err)
	}
	return errors.New("database URL: not a valid postgres:// URL")
}

const undefinedTable = "42P01"

// checkSchema accepts a newer schema: files are written so that the program
// before them goes on working.
func checkSchema(ctx context.Context, db querier) error {
	var version int64
	err := db.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	var missing *pgconn.PgError
	if errors.As(err, &missing) && missing.Code == undefinedTable {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if version < SchemaVersion {
		return fmt.Errorf("%w: it has version %d, %d is needed; run `cell schema up` first", ErrSchema, version, SchemaVersion)
	}
	return nil
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
