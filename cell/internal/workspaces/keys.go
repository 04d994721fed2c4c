package workspaces

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// KeyStore keeps users' API keys. It is an interface because use-cases do not
// know the database.
type KeyStore interface {
	ListKeys(ctx context.Context, call *cell.Call, user uuid.UUID) ([]cell.Key, error)
	CreateKey(ctx context.Context, call *cell.Call, key cell.Key, hash []byte, entry cell.AuditEntry) (cell.Key, error)
	DeleteKey(ctx context.Context, call *cell.Call, user, id uuid.UUID, entry cell.AuditEntry) error
}

// Keys are the use-cases of API keys. A user may use them for itself without
// the permission.
type Keys struct{ Store KeyStore }

// List returns the user's keys, oldest first.
func (k Keys) List(ctx context.Context, call *cell.Call, user uuid.UUID) ([]cell.Key, error) {
	call.Self = user
	return k.Store.ListKeys(ctx, call, user)
}

// Create makes a key with the given user, name, scopes and end. Its text is
// returned here and never again.
func (k Keys) Create(ctx context.Context, call *cell.Call, key cell.Key) (cell.Key, cell.KeyText, error) {
	var r rules
	r.name(&key.Name)
	r.permissions("/scopes", key.Scopes)
	if !key.ExpiresAt.IsZero() && !key.ExpiresAt.After(time.Now()) {
		r.breakRule("/expires_at", "use a time to come")
	}
	if err := r.err(); err != nil {
		return cell.Key{}, "", err
	}
	call.Self = key.UserID
	text := cell.NewKeyText(call.Tenant)
	key.ID, key.Prefix, key.Scopes = newID(), text.Prefix(), sorted(key.Scopes)
	// Not the name: people call keys after themselves, and the log is never changed.
	details := map[string]any{"user_id": key.UserID, "prefix": key.Prefix}
	if len(key.Scopes) > 0 {
		details["scopes"] = key.Scopes
	}
	if !key.ExpiresAt.IsZero() {
		details["expires_at"] = key.ExpiresAt.UTC()
	}
	key, err := k.Store.CreateKey(ctx, call, key, text.Hash(), keyEntry("api_key.created", key.ID, details))
	return key, text, err
}

// Delete makes a key worthless at once.
func (k Keys) Delete(ctx context.Context, call *cell.Call, user, id uuid.UUID) error {
	call.Self = user
	return k.Store.DeleteKey(ctx, call, user, id, keyEntry("api_key.deleted", id, map[string]any{"user_id": user}))
}

func keyEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "api_key", SubjectID: id, Details: details}
}
