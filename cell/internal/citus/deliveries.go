package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const deliveryColumns = `endpoint_id, event_id, event, state, attempts, tries, next_at, created_at, updated_at`

const selectDelivery = `SELECT ` + deliveryColumns + ` FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND event_id = $3`

// shownAttempts bounds the attempts that are shown of one delivery.
const shownAttempts = 50

// ListDeliveries returns deliveries of an endpoint, newest event first.
func (s *Store) ListDeliveries(ctx context.Context, call *cell.Call, endpoint uuid.UUID, filter cell.DeliveryFilter, page cell.PageRequest) ([]cell.Delivery, error) {
	var deliveries []cell.Delivery
	var e cell.WebhookEndpoint
	err := s.read(ctx, call, func(w *work) {
		w.endpoint(endpoint, &e) // an endpoint that is not there has no list
		q := selectDeliveries(filter)
		q.and(`endpoint_id = `, endpoint.String())
		q.paged(page).queue(w).Query(collect(&deliveries, scanDelivery))
	})
	return deliveries, err
}

func selectDeliveries(filter cell.DeliveryFilter) selection {
	q := rowsOf(deliveryColumns, `webhook_deliveries`, `tenant_id`, `event_id`)
	q.newest, q.parent = true, `endpoint_id = ?`
	if filter.State != "" {
		q.and(`state = `, string(filter.State))
	}
	return q
}

// GetDelivery returns a delivery with its last attempts, newest first.
func (s *Store) GetDelivery(ctx context.Context, call *cell.Call, endpoint, event uuid.UUID) (cell.Delivery, []cell.DeliveryAttempt, error) {
	var d cell.Delivery
	var attempts []cell.DeliveryAttempt
	err := s.read(ctx, call, func(w *work) {
		w.Queue(selectDelivery, w.tenant(), endpoint.String(), event.String()).QueryRow(into(&d, scanDelivery))
		w.Queue(`SELECT no, at, make_interval(secs => duration_ms / 1000.0), status, error, response FROM webhook_attempts
			WHERE tenant_id = $1 AND endpoint_id = $2 AND event_id = $3 ORDER BY no DESC LIMIT $4`,
			w.tenant(), endpoint.String(), event.String(), shownAttempts).Query(collect(&attempts, scanAttempt))
	})
	return d, attempts, err
}

// PingEndpoint makes a test delivery, of the audit row that says so.
func (s *Store) PingEndpoint(ctx context.Context, call *cell.Call, endpoint uuid.UUID, entry cell.AuditEntry) (cell.Delivery, error) {
	var d cell.Delivery
	err := s.write(ctx, call, nil, func(w *work) {
		var e cell.WebhookEndpoint
		w.endpoint(endpoint, &e)
		w.audit(entry)
		w.Queue(`INSERT INTO webhook_deliveries (tenant_id, endpoint_id, event_id, event, state) VALUES ($1, $2, $3, $4, 'pending') RETURNING `+deliveryColumns,
			w.tenant(), endpoint.String(), entry.ID.String(), cell.WebhookPing).QueryRow(into(&d, scanDelivery))
		w.enqueueDelivery(endpoint, entry.ID)
	})
	return d, err
}

// ReplayDelivery makes a delivery pending again, with all its tries. One that
// is pending is a conflict.
func (s *Store) ReplayDelivery(ctx context.Context, call *cell.Call, endpoint, event uuid.UUID, entry cell.AuditEntry) (cell.Delivery, error) {
	var d cell.Delivery
	err := s.write(ctx, call, nil, func(w *work) {
		w.Queue(selectDelivery+` FOR UPDATE`, w.tenant(), endpoint.String(), event.String()).QueryRow(replayable)
		w.Queue(`UPDATE webhook_deliveries SET state = 'pending', tries = 0, next_at = now(), updated_at = now()
			WHERE tenant_id = $1 AND endpoint_id = $2 AND event_id = $3 RETURNING `+deliveryColumns,
			w.tenant(), endpoint.String(), event.String()).QueryRow(into(&d, scanDelivery))
		w.enqueueDelivery(endpoint, event)
		w.audit(entry)
	})
	return d, err
}

func replayable(r pgx.Row) error {
	d, err := scanDelivery(r)
	if err == nil && d.State == cell.DeliveryPending {
		err = fault.New(fault.Conflict, "the delivery is on its way already; its next attempt is at %s", d.NextAt.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return err
}

// enqueueDelivery adds the job of a pending delivery's next attempt. Its payload
// is a cell.DeliveryPayload.
func (w *work) enqueueDelivery(endpoint, event uuid.UUID) {
	w.Queue(`INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts, run_at)
		SELECT tenant_id, $4::uuid, $5::text, jsonb_build_object('endpoint_id', endpoint_id, 'event_id', event_id, 'attempts', attempts), 'pending', $6::integer, next_at
		FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND event_id = $3 AND state = 'pending'`,
		w.tenant(), endpoint.String(), event.String(), uuid.Must(uuid.NewV7()).String(), string(cell.WebhookDelivery), cell.DefaultMaxAttempts)
	w.Queue(`SELECT pg_notify('` + JobsChannel + `', '')`)
}

// queueDeliveries adds deliveries and the jobs of their first attempts.
func queueDeliveries(b *pgx.Batch, tenant tenancy.ID, deliveries []cell.Delivery) {
	var endpoints, events, jobs [][16]byte
	var names []string
	for _, d := range deliveries {
		endpoints, events, jobs = append(endpoints, d.EndpointID), append(events, d.EventID), append(jobs, uuid.Must(uuid.NewV7()))
		names = append(names, d.Event)
	}
	b.Queue(`INSERT INTO webhook_deliveries (tenant_id, endpoint_id, event_id, event, state)
		SELECT $1, endpoint_id, event_id, event, 'pending' FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS d (endpoint_id, event_id, event)`,
		tenant.String(), endpoints, events, names)
	b.Queue(`INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts)
		SELECT $1, job_id, $5::text, jsonb_build_object('endpoint_id', endpoint_id, 'event_id', event_id, 'attempts', 0), 'pending', $6::integer
		FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS d (endpoint_id, event_id, job_id)`,
		tenant.String(), endpoints, events, jobs, string(cell.WebhookDelivery), cell.DefaultMaxAttempts)
	b.Queue(`SELECT pg_notify('` + JobsChannel + `', '')`)
}

func scanDelivery(r row) (cell.Delivery, error) {
	var d cell.Delivery
	err := r.Scan(&d.EndpointID, &d.EventID, &d.Event, &d.State, &d.Attempts, &d.Tries, &d.NextAt, &d.CreatedAt, &d.UpdatedAt)
	return d, err
}

func scanAttempt(r row) (cell.DeliveryAttempt, error) {
	var a cell.DeliveryAttempt
	err := r.Scan(&a.No, &a.At, &a.Duration, &a.Status, &a.Error, &a.Response)
	return a, err
}
