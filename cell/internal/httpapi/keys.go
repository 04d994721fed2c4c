package httpapi

import (
	"context"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListUserKeys implements the API.
func (s *server) ListUserKeys(ctx context.Context, r api.ListUserKeysRequestObject) (api.ListUserKeysResponseObject, error) {
	keys, err := s.Keys.List(ctx, callFrom(ctx), r.UserID)
	if err != nil {
		return nil, err
	}
	list := api.ListUserKeys200JSONResponse{Items: make([]api.Key, 0, len(keys))}
	for _, key := range keys {
		list.Items = append(list.Items, keyOf(key))
	}
	return list, nil
}

// CreateUserKey implements the API.
func (s *server) CreateUserKey(ctx context.Context, r api.CreateUserKeyRequestObject) (api.CreateUserKeyResponseObject, error) {
	call := callFrom(ctx)
	key, text, err := s.Keys.Create(ctx, call, cell.Key{
		UserID: r.UserID, Name: r.Body.Name, Scopes: namesOf[cell.Permission](r.Body.Scopes), ExpiresAt: orZero(r.Body.ExpiresAt),
	})
	if err != nil {
		return nil, err
	}
	noStore := "no-store"
	return api.CreateUserKey201JSONResponse{
		Headers: api.CreateUserKey201ResponseHeaders{CacheControl: &noStore}, Body: keyCreated(call, key, text),
	}, nil
}

// keyCreated shows a new key, the only time that its text is shown.
func keyCreated(call *cell.Call, key cell.Key, text cell.KeyText) api.KeyCreated {
	if call.Once != nil {
		call.Once.Secret = string(text)
	}
	made := keyOf(key)
	return api.KeyCreated{
		ID: made.ID, Name: made.Name, Prefix: made.Prefix, Scopes: made.Scopes, ExpiresAt: made.ExpiresAt, CreatedAt: made.CreatedAt, Secret: string(text),
	}
}

// DeleteUserKey implements the API.
func (s *server) DeleteUserKey(ctx context.Context, r api.DeleteUserKeyRequestObject) (api.DeleteUserKeyResponseObject, error) {
	if err := s.Keys.Delete(ctx, callFrom(ctx), r.UserID, r.KeyID); err != nil {
		return nil, err
	}
	return api.DeleteUserKey204Response{}, nil
}

func keyOf(k cell.Key) api.Key {
	key := api.Key{ID: k.ID, Name: k.Name, Prefix: k.Prefix, CreatedAt: k.CreatedAt.UTC()}
	if len(k.Scopes) > 0 {
		scopes := textsOf(k.Scopes)
		key.Scopes = &scopes
	}
	if !k.ExpiresAt.IsZero() {
		key.ExpiresAt = new(k.ExpiresAt.UTC())
	}
	if !k.UsedOn.IsZero() {
		key.LastUsedOn = &openapi_types.Date{Time: k.UsedOn}
	}
	return key
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
