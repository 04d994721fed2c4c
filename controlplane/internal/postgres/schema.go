package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/shared/pg"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// SchemaVersion is the schema that this program works with: that of its newest file.
var SchemaVersion = pg.NewestSchema(schemaFiles)

// ErrSchema is returned by CheckSchema if the database is not of SchemaVersion.
var ErrSchema = errors.New("the database's schema is not the one this program works with")

// ApplySchema brings the database at dsn up to SchemaVersion.
func ApplySchema(ctx context.Context, dsn string) (int64, error) {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return 0, err
	}
	return pg.ApplySchema(ctx, dsn, files)
}

const undefinedTable = "42P01"

// CheckSchema returns ErrSchema if `controlplane schema up` has to be run first.
// A newer schema is accepted: schema files are written so that the program
// before them goes on working.
func (db *DB) CheckSchema(ctx context.Context) error {
	var version int64
	err := db.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	var missing *pgconn.PgError
	if errors.As(err, &missing) && missing.Code == undefinedTable {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if version < SchemaVersion {
		return fmt.Errorf("%w: it has version %d, %d is needed; run `controlplane schema up` first", ErrSchema, version, SchemaVersion)
	}
	return nil
}
