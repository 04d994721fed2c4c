package pg

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolOptions says how a pool talks to its server.
type PoolOptions struct {
	MaxConns int32
	// MinConns are opened ahead and kept: authentication costs milliseconds,
	// which a burst after a quiet time would all pay at once.
	MinConns int32
	// Pooled is set when PgBouncer in transaction mode stands between: no
	// statement may then be prepared under a name, since the next one may reach
	// another server connection. Those of Prepared may.
	Pooled bool
}

// Open returns a pool for dsn (a postgres:// URL). It does not connect yet:
// a server that is down is the first query's error, not the start's.
func Open(ctx context.Context, dsn string, opts PoolOptions) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// pgx quotes the DSN, password included, in its parse errors.
		return nil, errors.New("database URL: not a valid postgres:// URL")
	}
	if opts.MaxConns > 0 {
		cfg.MaxConns = opts.MaxConns
	}
	cfg.MinConns = min(opts.MinConns, cfg.MaxConns)
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.ConnConfig.Tracer = tracer{}
	if opts.Pooled {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return pool, nil
}

// Beginner is a pool or a connection.
type Beginner interface {
	BeginTx(ctx context.Context, opts pgx.TxOptions) (pgx.Tx, error)
}

// InTx runs fn in one transaction and commits it; an error of fn rolls back.
func InTx(ctx context.Context, db Beginner, opts pgx.TxOptions, fn func(pgx.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit this does nothing; before it, the cause is already on its way.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Citus passes a worker's message on, but not the field that names the
// constraint, and the name is that of the shard.
var (
	namedConstraint = regexp.MustCompile(`constraint "([^"]+)"`)
	shardSuffix     = regexp.MustCompile(`_\d{6,}$`)
)

// Constraint returns the name of the constraint that err violates, or "". On
// Citus it is that of the table, not of the shard.
func Constraint(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) || len(e.Code) != 5 || e.Code[:2] != "23" {
		return ""
	}
	if e.ConstraintName != "" {
		return e.ConstraintName
	}
	if found := namedConstraint.FindStringSubmatch(e.Message); found != nil {
		return shardSuffix.ReplaceAllString(found[1], "")
	}
	return ""
}

// Queryer is a pool, a connection or a transaction.
type Queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// HasCitus reports whether the database has the Citus extension installed.
func HasCitus(ctx context.Context, db Queryer) (bool, error) {
	var has bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')`).Scan(&has)
	return has, err
}
