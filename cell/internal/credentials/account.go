package credentials

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// AccountStore keeps what users see of how they sign in. It is an interface
// because use-cases do not know the database.
type AccountStore interface {
	Standing(ctx context.Context, call *cell.Call, user, session uuid.UUID) (cell.Standing, error)
	Security(ctx context.Context, call *cell.Call, user uuid.UUID, now time.Time) (cell.Security, error)
	RevokeSessions(ctx context.Context, call *cell.Call, user uuid.UUID, now time.Time, entry cell.AuditEntry) error
	RememberDevice(ctx context.Context, call *cell.Call, d cell.Device, hash []byte, entry cell.AuditEntry) error
	ForgetDevice(ctx context.Context, call *cell.Call, user, device uuid.UUID, entry cell.AuditEntry) error
}

// Account are the use-cases of a user's devices and sessions, as a whole.
type Account struct {
	Store AccountStore
	Clock func() time.Time
}

// Standing returns what counts of a user now, and how a session of the user ended;
// zero: none is asked about. NotFound: there is no such user.
func (a Account) Standing(ctx context.Context, call *cell.Call, user, session uuid.UUID) (cell.Standing, error) {
	return a.Store.Standing(ctx, call, user, session)
}

// Security returns what a user sees of how it signs in.
func (a Account) Security(ctx context.Context, call *cell.Call, user uuid.UUID) (cell.Security, error) {
	return a.Store.Security(ctx, as(call, user), user, a.Clock())
}

// RevokeSessions ends all that a user has begun: sessions here, and tokens by
// the moment that Standing tells.
func (a Account) RevokeSessions(ctx context.Context, call *cell.Call, user uuid.UUID) error {
	return a.Store.RevokeSessions(ctx, as(call, user), user, a.Clock(), entry("sessions.revoked", user, nil))
}

// maxDeviceName bounds a device's name, in bytes.
const maxDeviceName = 200

// Remember leaves the second step out for whoever shows the secret, which is
// told this once.
func (a Account) Remember(ctx context.Context, call *cell.Call, user uuid.UUID, name string) (cell.Secret, error) {
	now, secret := a.Clock(), cell.NewSecret()
	name = strings.ToValidUTF8(name[:min(len(name), maxDeviceName)], "")
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, name)
	d := cell.Device{ID: newID(), UserID: user, Name: name, CreatedAt: now, ExpiresAt: now.Add(cell.DeviceLife)}
	return secret, a.Store.RememberDevice(ctx, as(call, user), d, secret.Hash(), entry("device.remembered", user, map[string]any{"device_id": d.ID}))
}

// Forget makes a device's secret worthless.
func (a Account) Forget(ctx context.Context, call *cell.Call, user, device uuid.UUID) error {
	return a.Store.ForgetDevice(ctx, as(call, user), user, device, entry("device.forgotten", user, map[string]any{"device_id": device}))
}
