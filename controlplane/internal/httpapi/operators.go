package httpapi

import (
	"context"
	"strconv"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

func key(k controlplane.Key) api.Key {
	return api.Key{
		Name: k.Name, Role: api.Role(k.Role), Cell: optional(k.Cell), CreatedAt: k.CreatedAt,
		LastUsedAt: optional(k.LastUsedAt), RevokedAt: optional(k.RevokedAt),
	}
}

// ListKeys lists API keys by name.
func (s *server) ListKeys(ctx context.Context, r api.ListKeysRequestObject) (api.ListKeysResponseObject, error) {
	page, err := pageOf(r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	keys, err := s.Identity.List(ctx, page)
	if err != nil {
		return nil, err
	}
	keys, next := cut(keys, page, func(k controlplane.Key) string { return k.Name })
	return api.ListKeys200JSONResponse{Keys: each(keys, key), NextCursor: next}, nil
}

// CreateKey makes an API key.
func (s *server) CreateKey(ctx context.Context, r api.CreateKeyRequestObject) (api.CreateKeyResponseObject, error) {
	k, secret, err := s.Identity.Create(ctx, controlplane.Key{Name: r.Body.Name, Role: controlplane.Role(r.Body.Role), Cell: orDefault(r.Body.Cell, "")})
	if err != nil {
		return nil, err
	}
	return api.CreateKey201JSONResponse{Key: key(k), Secret: secret}, nil
}

// RevokeKey ends an API key.
func (s *server) RevokeKey(ctx context.Context, r api.RevokeKeyRequestObject) (api.RevokeKeyResponseObject, error) {
	if err := s.Identity.Revoke(ctx, r.Name); err != nil {
		return nil, err
	}
	return api.RevokeKey204Response{}, nil
}

// WhoAmI shows what the caller is to the control plane.
func (s *server) WhoAmI(ctx context.Context, _ api.WhoAmIRequestObject) (api.WhoAmIResponseObject, error) {
	k := caller(ctx)
	kind := k.Kind
	if kind == "" {
		kind = controlplane.CallerKey
	}
	return api.WhoAmI200JSONResponse{
		Kind: api.CallerKind(kind), Name: k.Name, Role: api.Role(k.Role), Cell: optional(k.Cell),
		CreatedAt: optional(k.CreatedAt), LastUsedAt: optional(k.LastUsedAt), ExpiresAt: optional(k.ExpiresAt),
	}, nil
}

// GetIdentity says where operators sign in.
func (s *server) GetIdentity(context.Context, api.GetIdentityRequestObject) (api.GetIdentityResponseObject, error) {
	if s.Issuer == "" {
		return nil, fault.New(fault.NotFound, "nobody signs in at this installation: use an API key")
	}
	return api.GetIdentity200JSONResponse{
		Issuer: s.Issuer, ClientID: controlplane.OperatorClient, Audience: controlplane.OperatorAudience, Scope: controlplane.OperatorScope,
	}, nil
}

// ListAudit lists the audit log, newest first.
func (s *server) ListAudit(ctx context.Context, r api.ListAuditRequestObject) (api.ListAuditResponseObject, error) {
	page, err := pageOf(r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	entries, err := s.Audit.List(ctx, controlplane.AuditFilter{
		Actor: orDefault(r.Params.Actor, ""), Action: orDefault(r.Params.Action, ""), Target: orDefault(r.Params.Target, ""),
	}, page)
	if err != nil {
		return nil, err
	}
	entries, next := cut(entries, page, func(e controlplane.AuditEntry) string { return strconv.FormatInt(e.ID, 10) })
	return api.ListAudit200JSONResponse{Entries: each(entries, auditEntry), NextCursor: next}, nil
}

func auditEntry(e controlplane.AuditEntry) api.AuditEntry {
	return api.AuditEntry{
		ID: e.ID, At: e.At.UTC(), Actor: e.Actor, Role: e.Role, Action: e.Action, Target: e.Target,
		RequestID: optional(e.RequestID), Detail: &e.Detail,
	}
}
