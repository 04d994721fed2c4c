package pg

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// ApplySchema brings a database's schema up to the newest numbered file in
// files (goose's format, at the root of files) and returns the version that it
// then has. Concurrent callers wait for each other.
func ApplySchema(ctx context.Context, dsn string, files fs.FS) (version int64, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return 0, errors.New("database URL: not a valid postgres:// URL")
	}
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return 0, fmt.Errorf("schema lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return 0, fmt.Errorf("schema files: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, fmt.Errorf("apply schema: %w", err)
	}
	return provider.GetDBVersion(ctx)
}

// NewestSchema is the version of the newest numbered file anywhere in files.
func NewestSchema(files embed.FS) int64 {
	var newest int64
	_ = fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, _ error) error { // what is embedded can be read
		if version, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, version)
		}
		return nil
	})
	return newest
}
