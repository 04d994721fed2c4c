package servers

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// selectOne connects to a database, asks it something, and disconnects.
func selectOne(ctx context.Context, dsn string) error {
	return ask(ctx, dsn, "SELECT 1")
}

// pingConsole asks a PgBouncer's console, which knows no SQL of its own.
func pingConsole(ctx context.Context, dsn string) error {
	return ask(ctx, dsn, "SHOW VERSION")
}

func ask(ctx context.Context, dsn, question string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	_, err = conn.PgConn().Exec(ctx, question).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}
