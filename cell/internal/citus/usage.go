package citus

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// Rows are numbered by the statement that inserts them. Two at once want the
// same number: the second one waits for the first to commit, breaks the primary
// key and is tried again. So the order of numbers is that of commits.
const (
	recordUsageSQL = `
INSERT INTO usage (tenant_id, epoch, sequence, batch, metric, day, quantity)
SELECT t.tenant_id, t.epoch, (SELECT coalesce(max(u.sequence), 0) FROM usage u WHERE u.tenant_id = $1 AND u.epoch = t.epoch) + 1, $2, $3, $4, $5
FROM tenants t WHERE t.tenant_id = $1
	AND NOT EXISTS (SELECT FROM usage u WHERE u.tenant_id = $1 AND u.batch = $2 AND u.metric = $3 AND u.day = $4)`

	// What is asked of a day that is over: how many jobs were done, and what is there now.
	closeDaySQL = `
SELECT (SELECT count(*) FROM jobs WHERE tenant_id = $1 AND state = 'done' AND updated_at >= $2 AND updated_at < $3),
	(SELECT count(*) FROM users WHERE tenant_id = $1 AND status = 'active'),
	(SELECT coalesce(sum(octet_length(name) + octet_length(email)), 0) FROM users WHERE tenant_id = $1)
	+ (SELECT coalesce(sum(octet_length(name) + octet_length(description)), 0) FROM workspaces WHERE tenant_id = $1)
	+ (SELECT coalesce(sum(octet_length(name) + octet_length(description)), 0) FROM projects WHERE tenant_id = $1)`
)

// usageAttempts is how often a batch is tried that others overtake.
const usageAttempts = 10

// RecordUsage adds a batch, unless it was recorded before.
func (s *Store) RecordUsage(ctx context.Context, batch cell.UsageBatch) error {
	for range usageAttempts - 1 {
		if err := s.recordUsage(ctx, batch); !errors.Is(err, errOvertaken) {
			return err
		}
	}
	return s.recordUsage(ctx, batch)
}

// errOvertaken says that another batch took the number.
var errOvertaken = errors.New("another batch of the tenant was recorded at the same time")

func (s *Store) recordUsage(ctx context.Context, batch cell.UsageBatch) error {
	call := &cell.Call{Tenant: batch.Tenant, System: true, RequestID: "usage:" + batch.ID.String()}
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen // what is remembered of usage may be as old as its layer's life
		for _, item := range batch.Items {
			w.Queue(recordUsageSQL, w.tenant(), batch.ID.String(), string(item.Metric), item.Day, item.Quantity)
		}
	})
	if pg.Constraint(err) != "" {
		return errOvertaken
	}
	return err
}

// CloseUsageDay records, once, what a day that is over came to besides the
// calls: jobs done, seats, storage. It is for a daily job, and may be repeated.
func (s *Store) CloseUsageDay(ctx context.Context, tenant tenancy.ID, day time.Time) error {
	day = cell.Day(day)
	var jobs, seats, bytes int64
	call := &cell.Call{Tenant: tenant, System: true, RequestID: "usage:" + day.Format(time.DateOnly)}
	err := s.read(ctx, call, func(w *work) {
		w.Queue(closeDaySQL, w.tenant(), day, day.AddDate(0, 0, 1)).QueryRow(func(r pgx.Row) error { return r.Scan(&jobs, &seats, &bytes) })
	})
	if err != nil {
		return err
	}
	return s.RecordUsage(ctx, cell.UsageBatch{
		ID: closingBatch(tenant, day), Tenant: tenant,
		Items: []cell.Usage{{Metric: cell.JobsDone, Day: day, Quantity: jobs}, {Metric: cell.Seats, Day: day, Quantity: seats}, {Metric: cell.StorageBytes, Day: day, Quantity: bytes}},
	})
}

// closingBatch is the same whoever closes the day, in whatever cell.
func closingBatch(tenant tenancy.ID, day time.Time) uuid.UUID {
	return uuid.NewSHA1(uuid.UUID(tenant), []byte("usage day "+day.Format(time.DateOnly)))
}

// ListUsage returns what was used in the span, by day and metric.
func (s *Store) ListUsage(ctx context.Context, call *cell.Call, span cell.UsageSpan) ([]cell.Usage, error) {
	var days []cell.Usage
	err := s.read(ctx, call, func(w *work) { selectUsage(span).queue(w).Query(collect(&days, scanUsage)) })
	return days, err
}

func selectUsage(span cell.UsageSpan) selection {
	q := rowsOf(`metric, day, sum(quantity)::bigint`, `usage`, `tenant_id`, `day`)
	q.and(`day >= `, span.From)
	q.and(`day <= `, span.To)
	q.where += ` GROUP BY day, metric ORDER BY day, metric`
	return q
}

func scanUsage(r row) (cell.Usage, error) {
	var u cell.Usage
	err := r.Scan(&u.Metric, &u.Day, &u.Quantity)
	return u, err
}

// UsageHeads lists how far tenants' usage has come, in the order of tenants and
// epochs, beginning behind the one given.
func (m *Mover) UsageHeads(ctx context.Context, after cell.UsageHead, limit int) ([]cell.UsageHead, error) {
	const query = `SELECT tenant_id, epoch, max(sequence) FROM usage WHERE (tenant_id, epoch) > ($1, $2) GROUP BY tenant_id, epoch ORDER BY tenant_id, epoch LIMIT $3`
	rows, err := m.pool.Query(ctx, query, after.Tenant.String(), after.Epoch, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	heads, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (h cell.UsageHead, err error) {
		var id uuid.UUID
		err = r.Scan(&id, &h.Epoch, &h.Sequence)
		h.Tenant = tenancy.ID(id)
		return h, err
	})
	return heads, translate(err, nil)
}

// UsageSince returns rows of one tenant and epoch behind a number, in order.
func (m *Mover) UsageSince(ctx context.Context, after cell.UsageHead, limit int) ([]cell.UsageRow, error) {
	const query = `SELECT metric, day, quantity, epoch, sequence, recorded_at FROM usage WHERE tenant_id = $1 AND epoch = $2 AND sequence > $3 ORDER BY sequence LIMIT $4`
	rows, err := m.pool.Query(ctx, query, after.Tenant.String(), after.Epoch, after.Sequence, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (u cell.UsageRow, err error) {
		err = r.Scan(&u.Metric, &u.Day, &u.Quantity, &u.Epoch, &u.Sequence, &u.RecordedAt)
		return u, err
	})
	return found, translate(err, nil)
}
