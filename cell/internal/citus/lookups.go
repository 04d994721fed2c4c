package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// LookUp makes lookups in one snapshot behind one look at the fence. What next
// returns travels in one round trip; it is asked again, once its lookups are made,
// until it says that these were the last. Its error is the fence's or says that
// the database failed; of a lookup that the caller may not make, it is in there.
func (s *Store) LookUp(ctx context.Context, call *cell.Call, next func() (lookups []cell.Lookup, last bool)) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return outOfTime(ctx, translate(err, nil))
	}
	defer conn.Release()
	ctx, cancel := pg.ThroughHangUps(ctx, 0)
	defer cancel()
	first := begin(call, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	first.fence(toRead, first.admitRead)
	w, last := first, false
	for !last && err == nil {
		var lookups []cell.Lookup
		lookups, last = next()
		for _, l := range lookups {
			w.lookUp(l)
		}
		if last {
			w.Queue("COMMIT")
		}
		if w == first {
			err = prepared.Send(ctx, conn.Conn(), &w.Batch)
		} else {
			err = conn.SendBatch(ctx, &w.Batch).Close()
		}
		w = &work{call: call, actor: first.actor}
	}
	if conn.Conn().PgConn().TxStatus() != idle {
		rollback(ctx, conn)
	}
	s.noteUse(first)
	return outOfTime(ctx, translate(err, nil))
}

// idle is the status of a connection without a transaction.
const idle = 'I'

// lookUp queues the statements of a lookup.
func (w *work) lookUp(lookup cell.Lookup) {
	switch l := lookup.(type) {
	case *cell.OrganizationLookup:
		take(w, l.Common(), rowsOf(organizationColumns, `organizations`, `tenant_id`, `tenant_id`), scanOrganization)
	case *cell.UserLookup:
		find(w, l.Common(), selectUsers(l.Filter), scanUser)
	case *cell.SessionLookup:
		w.judgeHolders(l.Of, l.Permission, &l.Refused)
		find(w, l.Common(), selectSessions(), scanSession)
	case *cell.KeyLookup:
		w.judgeHolders(l.Of, l.Permission, &l.Refused)
		find(w, l.Common(), selectKeys(), scanKey)
	case *cell.InvitationLookup:
		find(w, l.Common(), selectInvitations(), scanInvitation)
	case *cell.RoleLookup:
		find(w, l.Common(), selectRoles(), scanRole)
	case *cell.WorkspaceLookup:
		find(w, l.Common(), selectWorkspaces(l.Member), scanWorkspace)
	case *cell.MemberLookup:
		find(w, l.Common(), selectMembers(), scanMember)
	case *cell.ProjectLookup:
		find(w, l.Common(), selectProjects(l.Filter), scanProject)
	case *cell.EndpointLookup:
		find(w, l.Common(), selectEndpoints(), scanEndpoint)
	case *cell.DeliveryLookup:
		find(w, l.Common(), selectDeliveries(l.Filter), scanDelivery)
	case *cell.JobLookup:
		find(w, l.Common(), selectJobs(l.Filter), scanJob)
	case *cell.ScheduleLookup:
		find(w, l.Common(), selectSchedules(), scanSchedule)
	case *cell.UsageLookup:
		take(w, l.Common(), selectUsage(l.Span), scanUsage)
	case *cell.AuditLookup:
		find(w, l.Common(), selectAudit(l.Filter), scanAudit)
	}
}

// find queues the selection for what the lookup wants of it.
func find[T any](w *work, l *cell.LookupOf[T], q selection, scan func(row) (T, error)) {
	switch {
	case l.IDs != nil:
		q = q.with(l.IDs)
	case l.Of != nil:
		q = q.of(l.Of, l.Page)
	default:
		q = q.paged(l.Page)
	}
	take(w, l, q, scan)
}

// take reads what was selected, unless the caller, who is known by then, may
// not see it.
func take[T any](w *work, l *cell.LookupOf[T], q selection, scan func(row) (T, error)) {
	q.queue(w).Query(func(rows pgx.Rows) error {
		if l.Refused == nil && !mayLook(w.actor, l.Permission) {
			l.Err = forbidden(w.actor, l.Permission)
			return nil
		}
		for rows.Next() {
			r, parent := row(rows), uuid.Nil
			if l.Of != nil {
				r = parented{rows, &parent}
			}
			item, err := scan(r)
			if err != nil {
				return err
			}
			if l.Refused[parent] == nil {
				l.Rows, l.Parents = append(l.Rows, item), append(l.Parents, parent)
			}
		}
		return rows.Err()
	})
}

func mayLook(actor cell.Actor, p cell.Permission) bool { return p == cell.Anyone || actor.Has(p) }

// parented is a row that begins with its parent's id.
type parented struct {
	row
	parent *uuid.UUID
}

func (p parented) Scan(dest ...any) error { return p.row.Scan(append([]any{p.parent}, dest...)...) }

// judgeHolders refuses the lists of users that the actor neither is nor may
// manage, like judgeHolder does for one.
func (w *work) judgeHolders(users []uuid.UUID, p cell.Permission, into *map[uuid.UUID]error) {
	refused := map[uuid.UUID]error{}
	*into = refused // nil for those that it may see
	for _, user := range users {
		refused[user] = fault.New(fault.NotFound, "no such user")
	}
	w.Queue(holdersSQL, w.tenant(), idTexts(users)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var user uuid.UUID
			grant, err := scanGrant(rows, &user)
			if err != nil {
				return err
			}
			refused[user] = seesHolder(w.actor, user, grant)
		}
		for user := range refused {
			if !w.actor.Has(p) && !w.actor.Is(user) {
				refused[user] = forbidden(w.actor, p)
			}
		}
		return rows.Err()
	})
}
