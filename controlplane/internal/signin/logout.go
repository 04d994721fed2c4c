package signin

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const kindLogout = "logout"

// askLogout ends the session that an application of the person's asks to end. A
// mere link to this page, which anybody can place, is asked about first, if there
// is anything here to end.
func (s *server) askLogout(v *visit) error {
	challenge := v.r.URL.Query().Get("logout_challenge")
	var req controlplane.LogoutRequest
	if challenge != "" {
		var err error
		if req, err = s.Flows.Logout(v.ctx(), challenge); err != nil {
			return flowFault(err, "sign-out")
		}
	}
	a, _, err := v.known()
	if err != nil && fault.CodeOf(err) != fault.Unauthenticated {
		return err
	}
	nobody := err != nil
	switch {
	case challenge != "" && (nobody || req.RPInitiated && a.Subject == req.Subject):
		return v.endLogin(challenge)
	case nobody:
		return v.redirect("/signed-out")
	}
	token, err := v.token(kindLogout, formLife, challenge)
	if err != nil {
		return err
	}
	return v.ask("Sign out?", form{Action: "/logout", Token: token, Submit: "Sign out", Intro: "You will have to sign in again in this browser.", Links: []link{{"Stay signed in", "/account"}}})
}

// logout ends the session. Without an application's request the authorization
// server is asked to make one, so that other applications learn of it.
func (s *server) logout(v *visit) error {
	var challenge string
	if err := v.opened(kindLogout, &challenge); err != nil {
		return err
	}
	if challenge != "" {
		return v.endLogin(challenge)
	}
	if err := v.forgetAccount(); err != nil {
		return err
	}
	return v.leave(s.issuer + "oauth2/sessions/logout")
}

func (v *visit) endLogin(challenge string) error {
	if err := v.forgetAccount(); err != nil {
		return err
	}
	to, err := v.server.Flows.AcceptLogout(v.ctx(), challenge)
	if err != nil {
		return flowFault(err, "sign-out")
	}
	return v.leave(to)
}

// forgetAccount ends this browser's session, in the cell first: a copy of the
// cookie must not outlive it.
func (v *visit) forgetAccount() error {
	a, _, err := v.known()
	if err == nil && !a.TenantID.IsZero() {
		err = v.server.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) error {
			return v.server.Cells.EndSession(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, a.Session, controlplane.SessionSignedOut)
		})
	}
	if code := fault.CodeOf(err); err != nil && code != fault.Unauthenticated && code != fault.NotFound {
		return err
	}
	v.dropCookie(accountCookie)
	v.newBrowser()
	return nil
}

func (s *server) signedOut(v *visit) error {
	return v.say("Signed out", "You are signed out in this browser.", link{"Sign in again", "/login"})
}

// showForeignError shows what the authorization server could tell no application.
// Its text is anybody's: it stands in the address.
func (s *server) showForeignError(v *visit) error {
	text := "The application sent a request that is not valid. Go back to it and begin again; if it happens again, tell whoever runs it."
	if code := v.r.URL.Query().Get("error"); isErrorCode(code) {
		text += " (" + code + ")"
	}
	return v.say("This did not work", text)
}

// isErrorCode keeps sentences that strangers write off our page.
func isErrorCode(code string) bool {
	for _, c := range code {
		if (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return code != "" && len(code) <= 40
}
