package citus

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tracing"
)

// work is the pipeline of one transaction. Its statements are queued before
// the fence's answer is known; their callbacks run only after it let the call
// pass, so there the actor is known.
type work struct {
	pgx.Batch
	call    *cell.Call
	actor   cell.Actor
	newDay  bool // see verdict
	claimed bool // the call's Once is ours to execute
	holds   bool // the tenant's write lock
	changes scope
	trace   string // of the call, for the jobs that it asks for; see cell.JobRef
}

func begin(call *cell.Call, statement string) *work {
	w := &work{call: call}
	w.Queue(statement)
	w.enter()
	return w
}

// join is the part of one tenant in a transaction of several, which has begun.
func join(call *cell.Call) *work {
	w := &work{call: call}
	w.enter()
	return w
}

// enter makes the tenant's rows visible to what follows.
func (w *work) enter() {
	// The statement, not set_config(): under Citus only this form reaches the
	// workers. The id's canonical text holds nothing to quote.
	w.Queue("SET LOCAL app.tenant_id = '" + w.call.Tenant.String() + "'")
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
	conn, err := s.acquire(ctx)
	if err != nil {
		return outOfTime(ctx, translate(err, nil))
	}
	defer conn.Release()
	ctx, cancel := pg.ThroughHangUps(ctx, 0)
	defer cancel()
	err = prepared.Send(ctx, conn.Conn(), &w.Batch)
	s.noteUse(w)
	return outOfTime(ctx, translate(err, nil))
}

// write runs what queue adds behind the fence and commits it: two round trips.
// An error of the fence, of a statement or of a callback rolls all back.
// Broken constraints become the faults that are given for them. A call that is
// to take effect once is left open instead, see cell.Once.
func (s *Store) write(ctx context.Context, call *cell.Call, broken constraints, queue func(*work)) error {
	if call.Once != nil && call.Once.Open != nil {
		return errors.New("a call that takes effect once can write once only")
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return outOfTime(ctx, translate(err, nil))
	}
	ctx, cancel := pg.ThroughHangUps(ctx, 0)
	defer cancel()
	w := begin(call, "BEGIN")
	w.trace = tracing.Parent(ctx)
	w.fence(toWrite, w.admitWrite)
	if call.Once != nil {
		w.claim(call.Once)
	}
	queue(w)
	err = prepared.Send(ctx, conn.Conn(), &w.Batch)
	s.noteUse(w)
	if fate := translate(err, broken); w.claimed && keeps(fate) {
		call.Once.Open = &openWrite{conn: conn, work: w, refused: err != nil, told: s.announcementOf(w)}
		return fate
	}
	defer conn.Release()
	return outOfTime(ctx, w.end(ctx, conn, err, broken, s.announcementOf(w)))
}

// end commits, or rolls back what failed.
func (w *work) end(ctx context.Context, conn *pgxpool.Conn, failed error, broken constraints, told announcement) error {
	if failed != nil {
		rollback(ctx, conn)
		if errors.Is(failed, errNoFence) {
			return refusal(ctx, conn, w.call)
		}
		return translate(failed, broken)
	}
	told.before(ctx)
	defer told.after(ctx)
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil {
		err = committed(tag)
	}
	return translate(err, broken)
}

// noteUse notes the caller's key if today it was not used before. Whether the
// operation went well does not matter.
func (s *Store) noteUse(w *work) {
	if w.newDay && w.actor.UserID != uuid.Nil {
		s.keyUses.note(w.call)
	}
}

// rollbackTimeout bounds a rollback, whose request may be over already.
const rollbackTimeout = 5 * time.Second

// rollback ends a transaction that failed. If even that fails, the pool
// discards the connection, and the server rolls back.
func rollback(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK")
}

// refusal finds out why a write met no open gate.
func refusal(ctx context.Context, conn *pgxpool.Conn, call *cell.Call) error {
	w := begin(call, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	var found error
	w.fence(toRead, func(r pgx.Rows) error {
		v, err := scanVerdict(r)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		found = v.fence.CheckWrite(call.Epoch)
		return nil
	})
	w.Queue("COMMIT")
	if err := prepared.Send(ctx, conn.Conn(), &w.Batch); err != nil {
		return translate(err, nil)
	}
	if found == nil {
		// The gate was closed when the write came, and is live again or not yet frozen.
		found = cell.RefusedFrozen()
	}
	return found
}
