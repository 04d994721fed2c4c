package citus

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
)

// work is the pipeline of one transaction. Its statements are queued before
// the fence's answer is known; their callbacks run only after it let the call
// pass, so there the actor is known.
type work struct {
	pgx.Batch
	call  *cell.Call
	actor cell.Actor
}

func begin(call *cell.Call, statement string) *work {
	w := &work{call: call}
	w.Queue(statement)
	// The statement, not set_config(): under Citus only this form reaches the
	// workers. The id's canonical text holds nothing to quote.
	w.Queue("SET LOCAL app.tenant_id = '" + call.Tenant.String() + "'")
	return w
}

// tenant is the tenant's id as a statement's parameter.
func (w *work) tenant() string { return w.call.Tenant.String() }

// keyHash is the caller's key as a statement's parameter: of no key, a hash
// that no key has. A null would let the planner drop the join, and Citus then
// no longer sees that the query belongs to one shard.
func (w *work) keyHash() []byte {
	if w.call.KeyHash == nil {
		return []byte{}
	}
	return w.call.KeyHash
}

// read runs what queue adds in one snapshot with the fence, in one round trip.
func (s *Store) read(ctx context.Context, call *cell.Call, queue func(*work)) error {
	w := begin(call, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	w.fence(toRead, w.admitRead)
	queue(w)
	w.Queue("COMMIT")
	return translate(s.pool.SendBatch(ctx, &w.Batch).Close(), nil)
}

// write runs what queue adds behind the fence and commits it: two round trips.
// An error of the fence, of a statement or of a callback rolls all back.
// Broken constraints become the faults that are given for them.
func (s *Store) write(ctx context.Context, call *cell.Call, broken constraints, queue func(*work)) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return translate(err, nil)
	}
	defer conn.Release()
	w := begin(call, "BEGIN")
	w.fence(toWrite, w.admitWrite)
	queue(w)
	if err := conn.SendBatch(ctx, &w.Batch).Close(); err != nil {
		rollback(ctx, conn)
		if errors.Is(err, errNoFence) {
			return refusal(ctx, conn, call)
		}
		return translate(err, broken)
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("commit answered %s", tag)
	}
	return translate(err, broken)
}

// rollback ends a transaction that failed. If even that fails, the pool
// discards the connection, and the server rolls back.
func rollback(ctx context.Context, conn *pgxpool.Conn) {
	_, _ = conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
}

// refusal finds out why a write met no open gate.
func refusal(ctx context.Context, conn *pgxpool.Conn, call *cell.Call) error {
	w := begin(call, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	var found error
	w.fence(toRead, func(r pgx.Row) error {
		v, err := scanVerdict(r)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		found = v.fence.CheckWrite(call.Epoch)
		return nil
	})
	w.Queue("COMMIT")
	if err := conn.SendBatch(ctx, &w.Batch).Close(); err != nil {
		return translate(err, nil)
	}
	if found == nil {
		// The gate was closed when the write came, and is live again or not yet frozen.
		found = cell.RefusedFrozen()
	}
	return found
}
