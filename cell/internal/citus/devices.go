package citus

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const deviceColumns = `device_id, user_id, name, created_at, expires_at, last_used_at`

// RememberDevice keeps the hash of a device's secret, and forgets those of the
// user that are over or too many.
func (s *Store) RememberDevice(ctx context.Context, call *cell.Call, d cell.Device, hash []byte, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockCredentials(d.UserID, nil)
		w.Queue(`DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2 AND (expires_at <= $4 OR device_id IN (
			SELECT device_id FROM devices WHERE tenant_id = $1 AND user_id = $2 ORDER BY device_id DESC OFFSET $3))`,
			w.tenant(), d.UserID.String(), cell.MaxDevices-1, d.CreatedAt)
		w.Queue(`INSERT INTO devices (tenant_id, device_id, user_id, secret_hash, name, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			w.tenant(), d.ID.String(), d.UserID.String(), hash, d.Name, d.ExpiresAt, d.CreatedAt)
		w.audit(entry)
	})
}

// ForgetDevice makes a device's secret worthless.
func (s *Store) ForgetDevice(ctx context.Context, call *cell.Call, user, device uuid.UUID, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2 AND device_id = $3 RETURNING user_id`, w.tenant(), user.String(), device.String()).
			QueryRow(notAsWas(fault.NotFound, "no such device"))
		w.audit(entry)
	})
}

func scanDevice(r row) (cell.Device, error) {
	var d cell.Device
	var used *time.Time
	err := r.Scan(&d.ID, &d.UserID, &d.Name, &d.CreatedAt, &d.ExpiresAt, &used)
	if used != nil {
		d.LastUsedAt = *used
	}
	return d, err
}
