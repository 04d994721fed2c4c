package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// openers is how many connections are opened at once: a log-in costs the pooler
// and us some milliseconds of computing each.
const openers = 64

// clients holds many connections to PgBouncer at the same time and asks on every
// one of them, all at once.
func (b *bench) clients(ctx context.Context) error {
	count := clientLimit
	if b.short {
		count = clientLimit / 10
	}
	h := &held{dsn: b.pooler.DSN(appRole, b.password, database), conns: make([]*pgx.Conn, count)}
	defer h.close(ctx)
	h.each(openers, func(i int) error {
		conn, err := open(ctx, h.dsn)
		h.conns[i] = conn
		return err
	})
	most, stop := b.watchServer(ctx)
	const rounds = 3
	for range rounds {
		h.each(count, func(i int) error { return b.askOn(ctx, h.conns[i], b.targets[i%len(b.targets)]) })
	}
	servers, err := most(), stop()
	if err != nil {
		return err
	}
	if h.first != nil {
		fmt.Fprintf(b.out, "note pgbouncer_first_error: %v\n", h.first)
	}
	b.atMost("pgbouncer_errors", float64(h.failed.Load()), "errors", 0)
	b.atMost("pgbouncer_server_connections", float64(servers), "connections", serverLimit)
	b.note("pgbouncer_clients", float64(count), "connections", "held at once; one to open and three transactions on each")
	return nil
}

type held struct {
	dsn    string
	conns  []*pgx.Conn
	failed atomic.Int64
	once   sync.Once
	first  error
}

// each does something for every connection, so many at once.
func (h *held) each(atOnce int, do func(i int) error) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(h.conns); i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					h.failed.Add(1)
					h.once.Do(func() { h.first = err })
				}
			}
		})
	}
	workers.Wait()
}

func (h *held) close(ctx context.Context) {
	h.each(openers, func(i int) error {
		if h.conns[i] != nil {
			_ = h.conns[i].Close(context.WithoutCancel(ctx)) // everything was measured
		}
		return nil
	})
}

func open(ctx context.Context, dsn string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec // as the cell's store does
	return pgx.ConnectConfig(ctx, cfg)
}

var errNoConnection = errors.New("the connection could not be opened")

// askOn is the store's read on one connection.
func (b *bench) askOn(ctx context.Context, conn *pgx.Conn, t target) error {
	if conn == nil {
		return errNoConnection
	}
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	batch.Queue(fmt.Sprintf("SET LOCAL app.tenant_id = '%s'", t.Tenant))
	batch.Queue(fmt.Sprintf("SELECT %s FROM projects WHERE tenant_id = $1 AND project_id = $2", projectColumns), t.Tenant.String(), t.Project.String()).
		Query(func(rows pgx.Rows) error {
			n := 0
			for rows.Next() {
				n++
			}
			if rows.Err() == nil && n != 1 {
				return fmt.Errorf("%d projects with one id", n)
			}
			return rows.Err()
		})
	batch.Queue("COMMIT")
	return conn.SendBatch(ctx, batch).Close()
}

// watchServer looks again and again how many connections the role has at the
// server; most says the highest number seen.
func (b *bench) watchServer(ctx context.Context) (most func() int64, stop func() error) {
	var seen atomic.Int64
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- b.countServers(ctx, &seen) }()
	return seen.Load, func() error {
		cancel()
		return <-done
	}
}

func (b *bench) countServers(ctx context.Context, seen *atomic.Int64) (err error) {
	conn, err := pgx.Connect(ctx, b.postgres.SuperDSN(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	const pause = 20 * time.Millisecond
	for ctx.Err() == nil {
		var n int64
		// Not with ctx: its end would break the connection in the middle of an answer.
		err := conn.QueryRow(context.WithoutCancel(ctx), `SELECT count(*) FROM pg_stat_activity WHERE usename = 'cell_app'`).Scan(&n)
		if err != nil {
			return err
		}
		seen.Store(max(seen.Load(), n))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}
