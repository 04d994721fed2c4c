package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const endpointColumns = `endpoint_id, url, description, events, active, secret, old_secret, old_secret_until, failing_since, disabled_reason,
	version, created_at, updated_at`

// ListEndpoints returns the tenant's webhook endpoints, oldest first.
func (s *Store) ListEndpoints(ctx context.Context, call *cell.Call) ([]cell.WebhookEndpoint, error) {
	return list(ctx, s, call, selectEndpoints(), cell.PageRequest{Limit: cell.MaxWebhookEndpoints}, scanEndpoint)
}

func selectEndpoints() selection {
	return rowsOf(endpointColumns, `webhook_endpoints`, `tenant_id`, `endpoint_id`)
}

// GetEndpoint returns one webhook endpoint.
func (s *Store) GetEndpoint(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.WebhookEndpoint, error) {
	var e cell.WebhookEndpoint
	err := s.read(ctx, call, func(w *work) { w.endpoint(id, &e) })
	return e, err
}

func (w *work) endpoint(id uuid.UUID, e *cell.WebhookEndpoint) {
	w.Queue(`SELECT `+endpointColumns+` FROM webhook_endpoints WHERE tenant_id = $1 AND endpoint_id = $2`, w.tenant(), id.String()).
		QueryRow(into(e, scanEndpoint))
}

// CreateEndpoint adds a webhook endpoint. The organization's row is locked so
// that two at once do not pass the limit.
func (s *Store) CreateEndpoint(ctx context.Context, call *cell.Call, endpoint cell.WebhookEndpoint, entry cell.AuditEntry) (cell.WebhookEndpoint, error) {
	var e cell.WebhookEndpoint
	err := s.write(ctx, call, nil, func(w *work) {
		w.Queue(`SELECT version FROM organizations WHERE tenant_id = $1 FOR UPDATE`, w.tenant())
		w.Queue(`SELECT count(*) FROM webhook_endpoints WHERE tenant_id = $1`, w.tenant()).QueryRow(roomForEndpoint)
		w.Queue(`INSERT INTO webhook_endpoints (tenant_id, endpoint_id, url, description, events, active, secret) VALUES ($1, $2, $3, $4, $5, $6, $7)
			RETURNING `+endpointColumns, w.tenant(), endpoint.ID.String(), endpoint.URL, endpoint.Description, orEmptyList(endpoint.Events),
			endpoint.Active, []byte(endpoint.Secret)).QueryRow(into(&e, scanEndpoint))
		w.audit(entry)
	})
	return e, err
}

// UpdateEndpoint changes a webhook endpoint if its version meets the
// precondition.
func (s *Store) UpdateEndpoint(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.WebhookChange, pre cell.Precondition, entry cell.AuditEntry) (cell.WebhookEndpoint, error) {
	var e cell.WebhookEndpoint
	err := s.write(ctx, call, nil, func(w *work) {
		args := []any{w.tenant(), id.String(), change.URL, change.Description, change.Events, change.Active}
		rotation := ""
		if change.Secret != nil { // Citus takes no clock within a CASE
			rotation = `, old_secret = secret, old_secret_until = now() + $8::interval, secret = $7`
			args = append(args, []byte(change.Secret), cell.OldSecretLife)
		}
		w.lockEndpoint(id, pre)
		w.Queue(`UPDATE webhook_endpoints SET url = coalesce($3, url), description = coalesce($4, description), events = coalesce($5, events),
				active = coalesce($6, active), failing_since = CASE WHEN $6 THEN NULL ELSE failing_since END,
				disabled_reason = CASE WHEN $6 THEN '' ELSE disabled_reason END`+rotation+`, version = version + 1, updated_at = now()
			WHERE tenant_id = $1 AND endpoint_id = $2 RETURNING `+endpointColumns, args...).
			QueryRow(into(&e, scanEndpoint))
		w.audit(entry)
	})
	return e, err
}

// DeleteEndpoint removes a webhook endpoint, its deliveries and their attempts.
func (s *Store) DeleteEndpoint(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.lockEndpoint(id, pre)
		w.Queue(`DELETE FROM webhook_endpoints WHERE tenant_id = $1 AND endpoint_id = $2`, w.tenant(), id.String())
		w.audit(entry)
	})
}

func (w *work) lockEndpoint(id uuid.UUID, pre cell.Precondition) {
	w.Queue(lockEndpointSQL, w.tenant(), id.String()).
		QueryRow(precondition(pre))
}

func roomForEndpoint(r pgx.Row) error {
	var n int
	if err := r.Scan(&n); err != nil {
		return err
	}
	if n >= cell.MaxWebhookEndpoints {
		return fault.New(fault.Conflict, "there are %d webhook endpoints already; delete one first", n)
	}
	return nil
}

func orEmptyList(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func scanEndpoint(r row) (cell.WebhookEndpoint, error) {
	var e cell.WebhookEndpoint
	var until, failing *time.Time
	err := r.Scan(&e.ID, &e.URL, &e.Description, &e.Events, &e.Active, (*[]byte)(&e.Secret), (*[]byte)(&e.OldSecret), &until, &failing,
		&e.DisabledReason, &e.Version, &e.CreatedAt, &e.UpdatedAt)
	e.OldSecretUntil, e.FailingSince = orZero(until), orZero(failing)
	return e, err
}
