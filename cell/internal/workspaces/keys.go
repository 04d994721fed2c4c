package workspaces

import (
	"context"

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

// Create makes a key for the user. Its text is returned here and never again.
func (k Keys) Create(ctx context.Context, call *cell.Call, user uuid.UUID, name string) (cell.Key, cell.KeyText, error) {
	var r rules
	r.name(&name)
	if err := r.err(); err != nil {
		return cell.Key{}, "", err
	}
	call.Self = user
	text := cell.NewKeyText(call.Tenant)
	key := cell.Key{ID: newID(), UserID: user, Name: name, Prefix: text.Prefix()}
	details := map[string]any{"user_id": user, "name": name, "prefix": key.Prefix}
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
