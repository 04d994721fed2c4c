package citus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// A request with a key inserts the key's row in its own transaction, before it
// does anything else. Of several at once the first one's row makes the others
// wait until it commits or rolls back; they then find its answer, or take the
// row over. So a row that others can see always has an answer.
const claimSQL = `
INSERT INTO idempotency_keys AS i (tenant_id, caller, key, fingerprint) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, caller, key) DO UPDATE SET fingerprint = i.fingerprint
RETURNING fingerprint, status, etag, location, media_type, body`

const answerSQL = `
UPDATE idempotency_keys SET status = $4, etag = $5, location = $6, media_type = $7, body = $8
WHERE tenant_id = $1 AND caller = $2 AND key = $3`

// duplicateWait is how long a request waits for another one with its key.
const (
	duplicateWait  = `SET LOCAL lock_timeout = '2s'`
	retryDuplicate = time.Second
)

// claim queues what makes the write take effect once. What fails behind the
// savepoint is taken back without losing the claim.
func (w *work) claim(once *cell.Once) {
	w.Queue(duplicateWait)
	w.Queue(claimSQL, w.tenant(), callerOf(w.call), once.Key, once.Fingerprint).QueryRow(w.judgeClaim)
	w.Queue(`SET LOCAL lock_timeout = DEFAULT`)
	w.Queue(`SAVEPOINT once`)
}

func (w *work) judgeClaim(r pgx.Row) error {
	var fingerprint []byte
	var a cell.Answer
	err := r.Scan(&fingerprint, &a.Status, &a.ETag, &a.Location, &a.MediaType, &a.Body)
	switch {
	case hasCode(err, lockNotAvailable):
		return fault.Wrap(err, fault.Conflict, "another request with this Idempotency-Key is being executed; try again").After(retryDuplicate)
	case err != nil:
		return err
	case !bytes.Equal(fingerprint, w.call.Once.Fingerprint):
		return fault.New(fault.KeyReused, "this Idempotency-Key was used for another request; use a new one for each")
	case a.Status != 0:
		return &cell.Replayed{Answer: a}
	}
	w.claimed = true
	return nil
}

// callerOf tells whose keys are whose: two callers may use the same text. It is
// a hash, so that its length is bounded.
func callerOf(call *cell.Call) []byte {
	text := fmt.Sprintf("key:%x", call.KeyHash)
	switch t := call.Token; {
	case t == nil:
	case t.Machine:
		text = fmt.Sprintf("client:%q/%q", t.Client, t.Subject)
	default:
		text = "user:" + t.UserID.String()
	}
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// keeps reports whether the outcome of an executed request is kept for those
// that repeat it: successes and refusals. A failure of ours may pass.
func keeps(err error) bool {
	return err == nil || fault.CodeOf(err).Status() < http.StatusInternalServerError
}

// openWrite implements cell.Open.
type openWrite struct {
	conn    *pgxpool.Conn // nil: finished or abandoned
	work    *work
	refused bool // the write failed; only its answer is to be committed
	told    announcement
}

// Finish implements cell.Open in one round trip. An error that leaves open
// whether the server committed is cleared up by the request's repetition.
func (o *openWrite) Finish(ctx context.Context, a cell.Answer) error {
	if o.conn == nil {
		return errors.New("the write is finished already")
	}
	ctx, cancel := pg.ThroughHangUps(ctx, 0)
	defer cancel()
	call, b := o.work.call, &pgx.Batch{}
	if o.refused {
		b.Queue(`ROLLBACK TO SAVEPOINT once`)
	}
	body := append([]byte{}, a.Body...) // never null
	b.Queue(answerSQL, o.work.tenant(), callerOf(call), call.Once.Key, a.Status, a.ETag, a.Location, a.MediaType, body)
	b.Queue(`COMMIT`).Exec(committed)
	if !o.refused {
		o.told.before(ctx)
		defer o.told.after(ctx)
	}
	if err := o.conn.SendBatch(ctx, b).Close(); err != nil {
		o.Abandon(ctx)
		return outOfTime(ctx, translate(err, nil))
	}
	o.release()
	return nil
}

// Abandon implements cell.Open.
func (o *openWrite) Abandon(ctx context.Context) {
	if o.conn != nil {
		rollback(ctx, o.conn)
		o.release()
	}
}

func (o *openWrite) release() {
	o.conn.Release()
	o.conn = nil
}

func committed(tag pgconn.CommandTag) error {
	if tag.String() != "COMMIT" {
		return fmt.Errorf("commit answered %s", tag)
	}
	return nil
}
