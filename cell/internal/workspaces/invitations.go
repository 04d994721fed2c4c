package workspaces

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// InvitationStore keeps who is invited. It is an interface because use-cases do
// not know the database. Six methods: each is one step of an invitation's life.
type InvitationStore interface {
	ListInvitations(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.Invitation, error)
	GetInvitation(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Invitation, error)
	Invite(ctx context.Context, call *cell.Call, invitations []cell.Invitation, field func(i int) string, entry cell.AuditEntry) ([]cell.Invitation, error)
	Reinvite(ctx context.Context, call *cell.Call, id uuid.UUID, expires time.Time, entry cell.AuditEntry) (cell.Invitation, error)
	Revoke(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry) error
	Accept(ctx context.Context, call *cell.Call, invitation uuid.UUID, tokenHash []byte, user cell.User, key cell.Key, keyHash []byte) (cell.User, cell.Key, error)
}

// Invitations are the use-cases of invitations.
type Invitations struct{ Store InvitationStore }

// List returns a page of the invitations that wait, oldest first.
func (i Invitations) List(ctx context.Context, call *cell.Call, req cell.PageRequest) (cell.Page[cell.Invitation], error) {
	rows, err := i.Store.ListInvitations(ctx, call, req)
	return page(rows, err, req.Limit, func(i cell.Invitation) uuid.UUID { return i.ID })
}

// Get returns one invitation.
func (i Invitations) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Invitation, error) {
	return i.Store.GetInvitation(ctx, call, id)
}

// Create invites one person.
func (i Invitations) Create(ctx context.Context, call *cell.Call, invitation cell.Invitation) (cell.Invitation, error) {
	made, err := i.invite(ctx, call, []cell.Invitation{invitation}, func(int) string { return "" })
	if err != nil {
		return cell.Invitation{}, err
	}
	return made[0], nil
}

// CreateAll invites all of the people, or nobody.
func (i Invitations) CreateAll(ctx context.Context, call *cell.Call, invitations []cell.Invitation) ([]cell.Invitation, error) {
	return i.invite(ctx, call, invitations, func(n int) string { return "/invitations/" + strconv.Itoa(n) })
}

func (i Invitations) invite(ctx context.Context, call *cell.Call, invitations []cell.Invitation, at func(int) string) ([]cell.Invitation, error) {
	var r rules
	seen, ids := map[string]bool{}, make([]uuid.UUID, len(invitations))
	for n := range invitations {
		invitation := &invitations[n]
		r.below(at(n), func(r *rules) {
			r.email(invitation.Email)
			r.role(invitation.Role)
			if seen[strings.ToLower(invitation.Email)] {
				r.breakRule("/email", "stands in the request twice")
			}
		})
		seen[strings.ToLower(invitation.Email)] = true
		ids[n] = newID()
		invitation.ID, invitation.ExpiresAt = ids[n], time.Now().Add(cell.InvitationLife)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	// No addresses: the log is append-only, and a person may ask to be forgotten.
	entry := invitationEntry("invitation.created", ids[0], map[string]any{"invitations": ids})
	return i.Store.Invite(ctx, call, invitations, func(n int) string { return at(n) + "/email" }, entry)
}

// Resend mails an invitation anew, with a new end.
func (i Invitations) Resend(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Invitation, error) {
	return i.Store.Reinvite(ctx, call, id, time.Now().Add(cell.InvitationLife), invitationEntry("invitation.resent", id, map[string]any{}))
}

// Revoke makes an invitation worthless.
func (i Invitations) Revoke(ctx context.Context, call *cell.Call, id uuid.UUID) error {
	return i.Store.Revoke(ctx, call, id, invitationEntry("invitation.revoked", id, map[string]any{}))
}

// Accept makes a user of the given name of whoever shows an invitation's token,
// and the user's first key.
func (i Invitations) Accept(ctx context.Context, call *cell.Call, token cell.InvitationToken, name string) (cell.User, cell.Key, cell.KeyText, error) {
	var r rules
	r.name(&name)
	id, ok := token.Invitation()
	if !ok {
		r.breakRule("/token", "is not a token of an invitation; copy it whole")
	}
	if err := r.err(); err != nil {
		return cell.User{}, cell.Key{}, "", err
	}
	text := cell.NewKeyText(call.Tenant)
	user := cell.User{ID: newID(), Name: name}
	key := cell.Key{ID: newID(), UserID: user.ID, Name: "first key", Prefix: text.Prefix()}
	user, key, err := i.Store.Accept(ctx, call, id, token.Hash(), user, key, text.Hash())
	return user, key, text, err
}

func invitationEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "invitation", SubjectID: id, Details: details}
}

// below checks rules of a part of a request: its fields are named from the root.
func (r *rules) below(prefix string, check func(*rules)) {
	var part rules
	check(&part)
	if part.broken != nil {
		for _, v := range part.broken.Violations {
			r.breakRule(prefix+v.Field, v.Message)
		}
	}
}
