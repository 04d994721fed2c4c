package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListInvitations implements the API.
func (s *server) ListInvitations(ctx context.Context, r api.ListInvitationsRequestObject) (api.ListInvitationsResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "invitations", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Invitations.List(ctx, call, req)
	if err != nil {
		return nil, err
	}
	return api.ListInvitations200JSONResponse{
		Items: listOf(page.Items, invitationOf), NextCursor: encodeCursor(call.Tenant, "invitations", page.Next),
	}, nil
}

// CreateInvitation implements the API.
func (s *server) CreateInvitation(ctx context.Context, r api.CreateInvitationRequestObject) (api.CreateInvitationResponseObject, error) {
	made, err := s.Invitations.Create(ctx, callFrom(ctx), cell.Invitation{Email: r.Body.Email, Role: cell.Role(r.Body.Role)})
	if err != nil {
		return nil, err
	}
	location := "/v1/invitations/" + made.ID.String()
	return api.CreateInvitation201JSONResponse{Body: invitationOf(made), Headers: api.CreateInvitation201ResponseHeaders{Location: &location}}, nil
}

// CreateInvitations implements the API.
func (s *server) CreateInvitations(ctx context.Context, r api.CreateInvitationsRequestObject) (api.CreateInvitationsResponseObject, error) {
	wanted := listOf(r.Body.Invitations, func(i api.InvitationCreate) cell.Invitation {
		return cell.Invitation{Email: i.Email, Role: cell.Role(i.Role)}
	})
	made, err := s.Invitations.CreateAll(ctx, callFrom(ctx), wanted)
	if err != nil {
		return nil, err
	}
	return api.CreateInvitations201JSONResponse{Items: listOf(made, invitationOf)}, nil
}

// GetInvitation implements the API.
func (s *server) GetInvitation(ctx context.Context, r api.GetInvitationRequestObject) (api.GetInvitationResponseObject, error) {
	found, err := s.Invitations.Get(ctx, callFrom(ctx), r.InvitationID)
	if err != nil {
		return nil, err
	}
	return api.GetInvitation200JSONResponse(invitationOf(found)), nil
}

// ResendInvitation implements the API.
func (s *server) ResendInvitation(ctx context.Context, r api.ResendInvitationRequestObject) (api.ResendInvitationResponseObject, error) {
	sent, err := s.Invitations.Resend(ctx, callFrom(ctx), r.InvitationID)
	if err != nil {
		return nil, err
	}
	return api.ResendInvitation200JSONResponse(invitationOf(sent)), nil
}

// RevokeInvitation implements the API.
func (s *server) RevokeInvitation(ctx context.Context, r api.RevokeInvitationRequestObject) (api.RevokeInvitationResponseObject, error) {
	if err := s.Invitations.Revoke(ctx, callFrom(ctx), r.InvitationID); err != nil {
		return nil, err
	}
	return api.RevokeInvitation204Response{}, nil
}

// AcceptInvitation implements the API.
func (s *server) AcceptInvitation(ctx context.Context, r api.AcceptInvitationRequestObject) (api.AcceptInvitationResponseObject, error) {
	call := callFrom(ctx)
	user, key, text, err := s.Invitations.Accept(ctx, call, cell.InvitationToken(r.Body.Token), r.Body.Name)
	if err != nil {
		return nil, err
	}
	noStore := "no-store"
	return api.AcceptInvitation201JSONResponse{
		Headers: api.AcceptInvitation201ResponseHeaders{CacheControl: &noStore},
		Body:    api.InvitationAccepted{User: userOf(user), Key: keyCreated(call, key, text)},
	}, nil
}

func invitationOf(i cell.Invitation) api.Invitation {
	return api.Invitation{
		ID: i.ID, Email: i.Email, Role: string(i.Role), ExpiresAt: i.ExpiresAt.UTC(), CreatedAt: i.CreatedAt.UTC(), UpdatedAt: i.UpdatedAt.UTC(),
	}
}

// listOf turns each item into another.
func listOf[From, To any](items []From, turn func(From) To) []To {
	list := make([]To, 0, len(items))
	for _, item := range items {
		list = append(list, turn(item))
	}
	return list
}
