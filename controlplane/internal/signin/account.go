package signin

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// freshFor is how long after a login somebody may change how to sign in: who
// finds a browser open must not keep the owner out.
const freshFor = 15 * time.Minute

const kindAccountForm = "account form"

type accountPage struct {
	Token, Notice, Alert string
	Organization         string
	Security             controlplane.AccountSecurity
	Password             []field
	Sessions             []sessionLine
	Applications         []applicationLine
	ApplicationsUnknown  bool // the authorization server does not answer
}

type sessionLine struct {
	controlplane.UserSession
	This bool
}

// account shows how somebody signs in, and where.
func (s *server) account(v *visit) error { return v.showAccount("", "") }

func (v *visit) showAccount(notice, wrongPassword string) error {
	a, err := v.signedIn()
	if err != nil {
		return v.mustSignIn(a, err)
	}
	body := accountPage{
		Notice: notice,
		Password: []field{
			{Name: "current", Label: "Current password", Type: "password", Autocomplete: "current-password"},
			{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Error: wrongPassword, Hint: "At least 8 characters. A few words are better than many signs."},
		},
	}
	var sessions []controlplane.UserSession
	err = v.server.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) (err error) {
		body.Organization = t.Organization
		if body.Security, err = v.server.Cells.Security(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID); err != nil {
			return err
		}
		sessions, err = v.server.Cells.ListSessions(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID)
		return err
	})
	if err != nil {
		return err
	}
	for _, session := range sessions {
		body.Sessions = append(body.Sessions, sessionLine{session, session.ID == a.Session})
	}
	if body.Applications, err = v.applications(a); fault.CodeOf(err) == fault.Unavailable {
		body.ApplicationsUnknown = true // everything else goes on without it
	} else if err != nil {
		return err
	}
	if wrongPassword != "" {
		body.Alert = "The password was not changed."
	}
	if body.Token, err = v.token(kindAccountForm, formLife, a.Session); err != nil {
		return err
	}
	return v.show("account", page{Title: "Your account", Body: body})
}

// signedIn returns the tenant's user who has signed in.
func (v *visit) signedIn() (account, error) {
	a, _, err := v.known()
	if err == nil && a.TenantID.IsZero() {
		err = errNobody // operators have no such page
	}
	return a, err
}

// mustSignIn sends somebody who has not signed in, or not lately, to do so.
func (v *visit) mustSignIn(a account, err error) error {
	if fault.CodeOf(err) != fault.Unauthenticated {
		return err
	}
	if a.TenantID.IsZero() {
		return v.redirect("/login")
	}
	t, err := v.server.tenant(v.ctx(), a.TenantID)
	if err != nil {
		return v.redirect("/login")
	}
	return v.redirect("/t/" + string(t.Slug))
}

// change is what a form of the account page does: for who has signed in lately,
// in the session whose page it was on.
func (v *visit) change(do func(ctx context.Context, t controlplane.Tenant, a account) error) (account, error) {
	var session uuid.UUID
	if err := v.opened(kindAccountForm, &session); err != nil {
		return account{}, err
	}
	a, err := v.signedIn()
	if err == nil && session != a.Session {
		return a, errForeign
	}
	if err == nil && v.server.Clock().Sub(a.At) > freshFor {
		err = errNobody
	}
	if err != nil {
		return a, err
	}
	if err := v.attempt("account " + a.UserID.String()); err != nil {
		return a, err
	}
	return a, v.server.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) error { return do(ctx, t, a) })
}

// changed ends a form of the account page.
func (v *visit) changed(a account, err error) error {
	if err != nil {
		return v.mustSignIn(a, err)
	}
	return v.redirect("/account")
}

// changePassword changes it and signs everybody else out.
func (s *server) changePassword(v *visit) error {
	wrong := false
	a, err := v.change(func(ctx context.Context, t controlplane.Tenant, a account) error {
		err := s.Cells.ChangePassword(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, v.r.PostFormValue("current"), v.r.PostFormValue("password"))
		wrong = fault.CodeOf(err) == fault.Unauthenticated
		return err
	})
	if text, ok := aboutPassword(err); ok {
		return v.showAccount("", text)
	}
	if wrong {
		return v.showAccount("", "The current password is not right.")
	}
	if err != nil {
		return v.mustSignIn(a, err)
	}
	if err := v.revoke(a); err != nil {
		return err
	}
	if err := v.enter(&a); err != nil {
		return err
	}
	return v.redirect("/account")
}

// revoke ends all sessions of somebody, here and at the authorization server.
func (v *visit) revoke(a account) error {
	err := v.server.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) error {
		return v.server.Cells.RevokeSessions(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID)
	})
	if err != nil {
		return err
	}
	return v.server.revokeSubject(v.ctx(), a.Subject)
}

// revokeSubject ends all that the authorization server has given to somebody: each
// login by its name, for only so are applications told.
func (s *server) revokeSubject(ctx context.Context, subject string) error {
	if err := s.endLogins(ctx, subject, func(controlplane.LoginSession) bool { return true }); err != nil {
		return err
	}
	return s.Flows.RevokeSubject(ctx, subject)
}

// endLogins ends those of somebody's logins that are meant.
func (s *server) endLogins(ctx context.Context, subject string, meant func(controlplane.LoginSession) bool) error {
	logins, err := s.Logins.LoginsOf(ctx, subject, s.Clock())
	if err != nil {
		return err
	}
	for _, l := range logins {
		if !meant(l) {
			continue
		}
		if err := s.Flows.EndSession(ctx, l.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) forgetDevice(v *visit) error {
	device, err := uuid.Parse(v.field("device"))
	if err != nil {
		return fault.New(fault.NotFound, "there is no such browser")
	}
	return v.changed(v.change(func(ctx context.Context, t controlplane.Tenant, a account) error {
		return s.Cells.ForgetDevice(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, device)
	}))
}

func (s *server) endSession(v *visit) error {
	session, err := uuid.Parse(v.field("session"))
	if err != nil {
		return fault.New(fault.NotFound, "there is no such session")
	}
	return v.changed(v.change(func(ctx context.Context, t controlplane.Tenant, a account) error {
		if err := s.Cells.EndSession(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, session, controlplane.SessionRevoked); err != nil {
			return err
		}
		return s.endLogins(ctx, a.Subject, func(l controlplane.LoginSession) bool { return l.Session == session })
	}))
}

func (s *server) endAllSessions(v *visit) error {
	a, err := v.change(func(context.Context, controlplane.Tenant, account) error { return nil })
	if err != nil {
		return v.mustSignIn(a, err)
	}
	if err := v.revoke(a); err != nil {
		return err
	}
	v.dropCookie(accountCookie)
	v.newBrowser()
	return v.redirect("/signed-out")
}
