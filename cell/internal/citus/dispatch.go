package citus

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// GetDispatch returns a delivery with its endpoint and the audit row that the
// event is made of.
func (s *Store) GetDispatch(ctx context.Context, ref cell.JobRef, endpoint, event uuid.UUID) (cell.Dispatch, error) {
	var d cell.Dispatch
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(selectDelivery, w.tenant(), endpoint.String(), event.String()).QueryRow(into(&d.Delivery, scanDelivery))
		w.endpoint(endpoint, &d.Endpoint)
		w.Queue(`SELECT `+chainedColumns+` FROM audit_logs a WHERE a.tenant_id = $1 AND a.audit_id = $2`, w.tenant(), event.String()).
			QueryRow(into(&d.Row, scanAuditRow))
	})
	return d, err
}

const (
	insertAttempt = `INSERT INTO webhook_attempts (tenant_id, endpoint_id, event_id, no, at, duration_ms, status, error, response)
		SELECT tenant_id, endpoint_id, event_id, $4::integer, $5::timestamptz, $6::integer, $7::integer, $8::text, $9::text FROM webhook_deliveries
		WHERE tenant_id = $1 AND endpoint_id = $2 AND event_id = $3 ON CONFLICT (tenant_id, endpoint_id, event_id, no) DO NOTHING`
	updateDelivery = `UPDATE webhook_deliveries SET state = $5, attempts = attempts + 1, tries = tries + 1, next_at = coalesce($6::timestamptz, next_at), updated_at = now()
		WHERE tenant_id = $1 AND endpoint_id = $2 AND event_id = $3 AND attempts = $4`
	endpointFails    = `UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, $3::timestamptz) WHERE tenant_id = $1 AND endpoint_id = $2`
	endpointAnswers  = `UPDATE webhook_endpoints SET failing_since = NULL WHERE tenant_id = $1 AND endpoint_id = $2`
	endpointDisabled = `UPDATE webhook_endpoints SET active = false, disabled_reason = $3, version = version + 1, updated_at = now()
		WHERE tenant_id = $1 AND endpoint_id = $2 AND active`
	lockEndpointSQL = `SELECT version FROM webhook_endpoints WHERE tenant_id = $1 AND endpoint_id = $2 FOR UPDATE`
	tellOfDisabling = `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts)
		SELECT tenant_id, $3::uuid, $4::text, $5::text::jsonb, 'pending', $6::integer FROM webhook_endpoints WHERE tenant_id = $1 AND endpoint_id = $2 AND active`
)

// RecordAttempt writes what became of an attempt, and the job of the next one.
// An attempt that somebody else recorded is left as it is. The endpoint may be
// gone by then, and its deliveries with it: then there is nothing to write.
func (s *Store) RecordAttempt(d cell.Dispatch, o cell.DeliveryOutcome) cell.Change {
	const statements = 8 // at most, but for those that tell
	return change{statements: statements + len(o.Tell), queue: func(w *work) {
		endpoint, event := d.Endpoint.ID.String(), d.Delivery.EventID.String()
		var retryAt any
		if !o.RetryAt.IsZero() {
			retryAt = o.RetryAt
		}
		w.Queue(updateDelivery, w.tenant(), endpoint, event, d.Delivery.Attempts, string(o.State), retryAt)
		a := o.Attempt
		w.Queue(insertAttempt, w.tenant(), endpoint, event, a.No, a.At, int(a.Duration.Milliseconds()), a.Status, a.Error, a.Response)
		switch {
		case o.Disable != "":
			w.disableEndpoint(d.Endpoint.ID, o)
			w.audit(cell.AuditEntry{
				Action: "webhook_endpoint.disabled", SubjectType: "webhook_endpoint", SubjectID: d.Endpoint.ID, Details: map[string]any{"reason": o.Disable},
			})
		case o.Recovered:
			w.Queue(endpointAnswers, w.tenant(), endpoint)
		case !o.FailingSince.IsZero():
			w.Queue(endpointFails, w.tenant(), endpoint, o.FailingSince)
		}
		if o.State == cell.DeliveryPending {
			w.enqueueDelivery(d.Endpoint.ID, d.Delivery.EventID)
		}
	}}
}

// disableEndpoint stops an endpoint and tells its owners, unless somebody else
// has: the lock lets one after the other look.
func (w *work) disableEndpoint(id uuid.UUID, o cell.DeliveryOutcome) {
	w.Queue(lockEndpointSQL, w.tenant(), id.String())
	for _, user := range o.Tell {
		payload, _ := json.Marshal(cell.WebhookDisabledPayload{EndpointID: id, UserID: user}) // ids cannot fail
		w.Queue(tellOfDisabling, w.tenant(), id.String(), uuid.Must(uuid.NewV7()).String(), string(cell.WebhookDisabledEmail), string(payload), cell.DefaultMaxAttempts)
	}
	w.Queue(endpointDisabled, w.tenant(), id.String(), o.Disable)
	w.Queue(notifyJobs)
}

// mostTold bounds how many owners get a mail.
const mostTold = 20

// ListOwners returns the tenant's active owners.
func (s *Store) ListOwners(ctx context.Context, ref cell.JobRef) ([]uuid.UUID, error) {
	var owners []uuid.UUID
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(`SELECT user_id FROM users WHERE tenant_id = $1 AND role = 'owner' AND status = 'active' ORDER BY user_id LIMIT $2`, w.tenant(), mostTold).
			Query(collect(&owners, scanID))
	})
	return owners, err
}

func scanID(r row) (uuid.UUID, error) {
	var id uuid.UUID
	err := r.Scan(&id)
	return id, err
}

func scanAuditRow(r row) (cell.AuditRow, error) {
	var a auditRow
	err := r.Scan(a.dest()...)
	return a.noun(), err
}
