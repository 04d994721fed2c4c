package citus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const invitationColumns = `invitation_id, email, coalesce(role_id::text, role), expires_at, version, created_at, updated_at`

var invitationConstraints = constraints{
	"invitations_email": fault.New(fault.Conflict, "somebody with this e-mail address is invited already; resend that invitation"),
	"users_email":       fault.New(fault.Conflict, "a user with this e-mail address exists already"),
}

// ListInvitations returns the invitations that wait, oldest first.
func (s *Store) ListInvitations(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.Invitation, error) {
	return list(ctx, s, call, selectInvitations(), page, scanInvitation)
}

func selectInvitations() selection {
	return rowsOf(invitationColumns, `invitations`, `tenant_id`, `invitation_id`)
}

// GetInvitation returns one invitation.
func (s *Store) GetInvitation(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Invitation, error) {
	var i cell.Invitation
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+invitationColumns+` FROM invitations WHERE tenant_id = $1 AND invitation_id = $2`, w.tenant(), id.String()).
			QueryRow(into(&i, scanInvitation))
	})
	return i, err
}

// Invite adds all of the invitations and the jobs that mail them, or none: what
// stands in the way is named in the fault, below the field of each.
func (s *Store) Invite(ctx context.Context, call *cell.Call, invitations []cell.Invitation, field func(i int) string, entry cell.AuditEntry) ([]cell.Invitation, error) {
	made := make([]cell.Invitation, len(invitations))
	err := s.write(ctx, call, invitationConstraints, func(w *work) {
		w.changes = changesUnseen
		w.checkAddresses(invitations, field)
		roles := map[cell.Role]bool{}
		for _, i := range invitations {
			if !roles[i.Role] {
				roles[i.Role] = true
				w.requireManageable(i.Role)
			}
		}
		for n, i := range invitations {
			name, role := roleColumns(i.Role)
			w.Queue(`INSERT INTO invitations (tenant_id, invitation_id, email, role, role_id, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING `+invitationColumns,
				w.tenant(), i.ID.String(), i.Email, name, role, i.ExpiresAt).QueryRow(into(&made[n], scanInvitation))
			w.enqueue(inviteJob(i.ID))
		}
		w.audit(entry)
	})
	return made, err
}

// checkAddresses finds who is a user or invited already, to name all at once,
// and whether there is room.
func (w *work) checkAddresses(invitations []cell.Invitation, field func(i int) string) {
	emails := make([]string, len(invitations))
	for i, invitation := range invitations {
		emails[i] = invitation.Email
	}
	for _, known := range []struct{ table, why string }{
		{"users", "is a user's address already"}, {"invitations", "is invited already; resend that invitation"},
	} {
		w.Queue(`SELECT n.i FROM unnest($2::text[]) WITH ORDINALITY AS n (email, i) JOIN `+known.table+` k ON lower(k.email) = lower(n.email)
			WHERE k.tenant_id = $1 ORDER BY n.i`, w.tenant(), emails).Query(func(rows pgx.Rows) error {
			places, err := pgx.CollectRows(rows, pgx.RowTo[int])
			if err != nil {
				return err
			}
			var clash broken
			for _, i := range places {
				clash.at(fault.Conflict, "some of the addresses are known already; nobody was invited", field(i-1), known.why)
			}
			return clash.err()
		})
	}
	w.Queue(`SELECT count(*) FROM invitations WHERE tenant_id = $1`, w.tenant()).QueryRow(func(r pgx.Row) error {
		var n int
		if err := r.Scan(&n); err != nil {
			return err
		}
		if n+len(invitations) > cell.MaxInvitations {
			return fault.New(fault.Conflict, "at most %d invitations may wait; revoke some first", cell.MaxInvitations)
		}
		return nil
	})
}

func inviteJob(id uuid.UUID) cell.NewJob {
	payload, _ := json.Marshal(cell.InvitePayload{InvitationID: id}) // an id cannot fail
	return cell.NewJob{Kind: cell.InviteEmail, Payload: payload}
}

// Reinvite mails an invitation anew, with a new end. Links of mails before it
// no longer work.
func (s *Store) Reinvite(ctx context.Context, call *cell.Call, id uuid.UUID, expires time.Time, entry cell.AuditEntry) (cell.Invitation, error) {
	var i cell.Invitation
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockInvitation(id)
		w.Queue(`UPDATE invitations SET token_hashes = '{}', expires_at = $3, version = version + 1, updated_at = now()
			WHERE tenant_id = $1 AND invitation_id = $2 RETURNING `+invitationColumns, w.tenant(), id.String(), expires).QueryRow(into(&i, scanInvitation))
		w.enqueue(inviteJob(id))
		w.audit(entry)
	})
	return i, err
}

// Revoke removes an invitation: its links no longer work.
func (s *Store) Revoke(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockInvitation(id)
		w.Queue(`DELETE FROM invitations WHERE tenant_id = $1 AND invitation_id = $2`, w.tenant(), id.String())
		w.audit(entry)
	})
}

// lockInvitation locks it and checks that the actor may give its role.
func (w *work) lockInvitation(id uuid.UUID) {
	w.Queue(`SELECT coalesce(i.role_id::text, i.role), r.permissions FROM invitations i
		LEFT JOIN roles r ON r.tenant_id = i.tenant_id AND r.role_id = i.role_id
		WHERE i.tenant_id = $1 AND i.invitation_id = $2 FOR UPDATE OF i`, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
		grant, err := scanGrant(r)
		if err != nil {
			return err
		}
		return mayManage(w.actor, grant)
	})
}

// AddInvitationToken lets one more token accept the invitation, for the mail
// that carries it, and returns what the mail says. NotFound: it was revoked,
// accepted or is over.
func (s *Store) AddInvitationToken(ctx context.Context, ref cell.JobRef, id uuid.UUID, hash []byte) (cell.Organization, cell.Invitation, error) {
	var o cell.Organization
	var i cell.Invitation
	err := s.write(ctx, systemCall(ref), nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE invitations SET token_hashes = array_append(token_hashes, $3::bytea)
			WHERE tenant_id = $1 AND invitation_id = $2 AND expires_at > now() RETURNING `+invitationColumns, w.tenant(), id.String(), hash).
			QueryRow(into(&i, scanInvitation))
		w.Queue(`SELECT `+organizationColumns+` FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(into(&o, scanOrganization))
	})
	return o, i, err
}

// Accept makes the user that an invitation is for, with a key, and ends the
// invitation. The audit entry's actor is the new user.
func (s *Store) Accept(ctx context.Context, call *cell.Call, invitation uuid.UUID, tokenHash []byte, user cell.User, key cell.Key, keyHash []byte) (cell.User, cell.Key, error) {
	var u cell.User
	var k cell.Key
	err := s.write(ctx, call, invitationConstraints, func(w *work) {
		w.becomeUser(invitation, tokenHash, user)
		// Not RETURNING: Citus names the table there by a name that its INSERT … SELECT does not have.
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.ID.String()).QueryRow(into(&u, scanUser))
		w.Queue(insertKeySQL, w.tenant(), key.ID.String(), user.ID.String(), keyHash, key.Name, key.Prefix, texts(key.Scopes), orNull(key.ExpiresAt)).
			QueryRow(into(&k, scanKey))
		w.endInvitation(invitation, user.ID)
	})
	return u, k, err
}

// AcceptWithPassword makes the user that an invitation is for, with a password
// instead of a key. Whoever shows the token has read the mail.
func (s *Store) AcceptWithPassword(ctx context.Context, call *cell.Call, invitation uuid.UUID, tokenHash []byte, user cell.User, hash string, now time.Time) error {
	return s.write(ctx, call, invitationConstraints, func(w *work) {
		w.becomeUser(invitation, tokenHash, user)
		w.lockCredentials(user.ID, nil)
		w.Queue(storeHashSQL, w.tenant(), user.ID.String(), hash, now)
		w.verifyAddress(user.ID, now)
		w.endInvitation(invitation, user.ID)
	})
}

// becomeUser judges an invitation's token and makes its user.
func (w *work) becomeUser(invitation uuid.UUID, tokenHash []byte, user cell.User) {
	w.Queue(`SELECT token_hashes, expires_at <= now() FROM invitations WHERE tenant_id = $1 AND invitation_id = $2 FOR UPDATE`,
		w.tenant(), invitation.String()).QueryRow(judgeToken(tokenHash))
	w.Queue(`INSERT INTO users (tenant_id, user_id, email, name, role, role_id, status)
		SELECT tenant_id, $3, email, $4, role, role_id, 'active' FROM invitations WHERE tenant_id = $1 AND invitation_id = $2`,
		w.tenant(), invitation.String(), user.ID.String(), user.Name)
	w.userSetChanges()
}

func (w *work) endInvitation(invitation, user uuid.UUID) {
	w.Queue(`DELETE FROM invitations WHERE tenant_id = $1 AND invitation_id = $2`, w.tenant(), invitation.String())
	w.auditBy(user, cell.AuditEntry{Action: "invitation.accepted", SubjectType: "user", SubjectID: user, Details: map[string]any{"invitation_id": invitation}})
}

// judgeToken says the same of a token that never was, that was used and that is
// of a revoked invitation.
func judgeToken(hash []byte) func(pgx.Row) error {
	return func(r pgx.Row) error {
		var hashes [][]byte
		var over bool
		err := r.Scan(&hashes, &over)
		known := slices.ContainsFunc(hashes, func(h []byte) bool { return bytes.Equal(h, hash) })
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && !known:
			return fault.New(fault.NotFound, "the invitation was accepted or revoked, or never was; ask for a new one")
		case err == nil && over:
			return fault.New(fault.Gone, "the invitation is over; ask for a new one")
		}
		return err
	}
}

func scanInvitation(r row) (cell.Invitation, error) {
	var i cell.Invitation
	err := r.Scan(&i.ID, &i.Email, &i.Role, &i.ExpiresAt, &i.Version, &i.CreatedAt, &i.UpdatedAt)
	return i, err
}
