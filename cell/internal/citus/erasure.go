package citus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Where, besides the user's own rows, something may be kept that names a person.
// All of it is found while the user is still there to say what to look for.
const (
	// mentions is true of a text that has the address of user u in it, as it is
	// or as our JSON spells it.
	mentions = `(strpos(lower(%[1]s), lower(u.email)) > 0 OR strpos(lower(%[1]s), replace(lower(u.email), '&', '\u0026')) > 0)`

	// The answer to somebody's request becomes another one, so that a repetition
	// does not bring the person back. Status 0 is the erasure's own request. Citus
	// takes what depends on the server's settings in a subquery only.
	eraseAnswersSQL = `
UPDATE idempotency_keys i SET status = $3, etag = '', location = '', media_type = $4, body = $5 FROM (
	SELECT a.tenant_id, a.caller, a.key FROM idempotency_keys a JOIN users u ON u.tenant_id = a.tenant_id
	WHERE a.tenant_id = $1 AND a.status <> 0 AND u.user_id = $2 AND %s) AS named
WHERE i.tenant_id = $1 AND named.tenant_id = i.tenant_id AND named.caller = i.caller AND named.key = i.key`
	eraseAnswerKeysSQL = `
DELETE FROM idempotency_keys i USING users u
WHERE i.tenant_id = $1 AND i.status <> 0 AND u.tenant_id = i.tenant_id AND u.user_id = $2 AND `
	eraseInvitationsSQL = `
DELETE FROM invitations i USING users u
WHERE i.tenant_id = $1 AND u.tenant_id = $1 AND u.user_id = $2 AND lower(i.email) = lower(u.email)`
	eraseAttemptsSQL = `
UPDATE webhook_attempts a SET response = '' FROM users u
WHERE a.tenant_id = $1 AND u.tenant_id = $1 AND u.user_id = $2 AND (strpos(lower(a.response), lower(u.name)) > 0 OR %s)`
	// A copy that is being made was read before: its attempt is void, and another
	// one begins. Only then are those that are made known, and their links end.
	restartExportsSQL = `
UPDATE jobs SET state = 'pending', run_at = now(), updated_at = now() WHERE tenant_id = $1 AND kind = $2 AND state = 'running'`
	expireExportsSQL = `
UPDATE jobs SET result = jsonb_set(result, '{kept_until}', $3::text::jsonb) WHERE tenant_id = $1 AND kind = $2 AND state = 'done' AND result ? 'kept_until'`
	eraseJobsSQL = `
UPDATE jobs j SET last_error = '', progress_text = '' FROM users u
WHERE j.tenant_id = $1 AND u.tenant_id = $1 AND u.user_id = $2 AND `
)

// EraseUser removes a user if its version meets the precondition, and whatever
// else in the tenant's rows says who it was. The audit log stays: it knows ids
// only. The actor is the user, or may manage it; the tenant keeps at least one
// active owner.
func (s *Store) EraseUser(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.lockOwners()
		w.lockToErase(id, pre)
		w.audit(entry) // before the actor's key may go with the actor
		w.eraseTraces(id)
		w.endAttempts(id)
		w.Queue(`DELETE FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), id.String())
		w.userSetChanges()
		w.requireOwner()
	})
}

// lockToErase is lockUser, but that everybody may erase themselves.
func (w *work) lockToErase(id uuid.UUID, pre cell.Precondition) {
	w.Queue(lockUserSQL, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
		var version int64
		grant, err := scanGrant(r, &version)
		if err != nil {
			return err
		}
		if w.actor.UserID != id {
			if err := mayManage(w.actor, grant); err != nil {
				return err
			}
		}
		return pre.Check(version)
	})
}

func (w *work) eraseTraces(id uuid.UUID) {
	naming := func(text string) string { return fmt.Sprintf(mentions, text) }
	status, body := erasedAnswer()
	w.Queue(eraseAnswerKeysSQL+naming(`i.key`), w.tenant(), id.String())
	w.Queue(fmt.Sprintf(eraseAnswersSQL, naming(`convert_from(a.body, 'UTF8')`)), w.tenant(), id.String(), status, fault.ContentType, body)
	w.Queue(eraseInvitationsSQL, w.tenant(), id.String())
	w.Queue(fmt.Sprintf(eraseAttemptsSQL, naming(`a.response`)), w.tenant(), id.String())
	w.Queue(eraseJobsSQL+naming(`j.last_error || j.progress_text`), w.tenant(), id.String())
	w.Queue(restartExportsSQL, w.tenant(), string(cell.DataExport))
	w.Queue(expireExportsSQL, w.tenant(), string(cell.DataExport), time.Now().UTC().Format(`"`+time.RFC3339+`"`))
	w.enqueue(cell.NewJob{Kind: cell.RetentionJob, Priority: cell.HighPriority}) // it removes their files
}

// erasedAnswer is what a repeated request gets whose answer named the person.
func erasedAnswer() (status int, body []byte) {
	problem := fault.ProblemOf(fault.New(fault.Gone, "the person whom the answer to this request named was erased since"), "")
	body, _ = json.Marshal(problem) // texts and a number cannot fail
	return problem.Status, body
}
