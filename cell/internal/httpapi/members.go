package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListMembers implements the API.
func (s *server) ListMembers(ctx context.Context, r api.ListMembersRequestObject) (api.ListMembersResponseObject, error) {
	call := callFrom(ctx)
	list := "members:" + r.WorkspaceID.String()
	req, err := pageRequest(call, list, r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Members.List(ctx, call, r.WorkspaceID, req)
	if err != nil {
		return nil, err
	}
	return api.ListMembers200JSONResponse{Items: listOf(page.Items, memberOf), NextCursor: encodeCursor(call.Tenant, list, page.Next)}, nil
}

// AddMember implements the API.
func (s *server) AddMember(ctx context.Context, r api.AddMemberRequestObject) (api.AddMemberResponseObject, error) {
	if err := s.Members.Add(ctx, callFrom(ctx), r.WorkspaceID, r.MemberID); err != nil {
		return nil, err
	}
	return api.AddMember204Response{}, nil
}

// RemoveMember implements the API.
func (s *server) RemoveMember(ctx context.Context, r api.RemoveMemberRequestObject) (api.RemoveMemberResponseObject, error) {
	if err := s.Members.Remove(ctx, callFrom(ctx), r.WorkspaceID, r.MemberID); err != nil {
		return nil, err
	}
	return api.RemoveMember204Response{}, nil
}

func memberOf(m cell.WorkspaceMember) api.Member {
	return api.Member{UserID: m.UserID, Name: m.Name, Email: m.Email, Since: m.Since.UTC()}
}
