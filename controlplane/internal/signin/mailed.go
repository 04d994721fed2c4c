package signin

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	kindForgot     = "forgot"
	kindReset      = "reset"
	kindVerify     = "verify"
	kindInvitation = "invitation"
)

// mailed is what a link in a mail carries. It is looked at when a form is sent,
// never when the link is opened: programs that read mail open links, too.
type mailed struct {
	TenantID tenancy.ID `json:"tenant_id"`
	Code     string     `json:"code"`
}

var errLink = fault.New(fault.Gone, "this link is too old, was used already, or is not whole; ask for another one")

// fromLink reads what a link carries.
func (v *visit) fromLink() (mailed, error) {
	query := v.r.URL.Query()
	id, err := tenancy.ParseID(query.Get("tenant"))
	if err != nil || query.Get("code") == "" {
		return mailed{}, errLink
	}
	return mailed{id, query.Get("code")}, nil
}

// showLinked asks what a mail's link is followed by.
func (v *visit) showLinked(kind, title string, f form) error {
	m, err := v.fromLink()
	if err != nil {
		return err
	}
	return v.askLinked(kind, title, m, f)
}

func (v *visit) askLinked(kind, title string, m mailed, f form) (err error) {
	if f.Token, err = v.token(kind, formLife, m); err != nil {
		return err
	}
	return v.ask(title, f)
}

// useCode has the tenant's cell use a mail's code.
func (v *visit) useCode(m mailed, use func(ctx context.Context, t controlplane.Tenant) (uuid.UUID, error)) (user uuid.UUID, err error) {
	if err := v.attempt("code " + m.Code); err != nil {
		return user, err
	}
	err = v.server.inCell(v.ctx(), m.TenantID, func(ctx context.Context, t controlplane.Tenant) (err error) {
		user, err = use(ctx, t)
		return err
	})
	switch fault.CodeOf(err) {
	case fault.NotFound, fault.Gone, fault.Unauthenticated, fault.Conflict, fault.Forbidden:
		return user, fault.Wrap(err, errLink.Code, "%s", errLink.Message)
	}
	return user, err
}

func (s *server) showForgot(v *visit) error {
	token, err := v.token(kindForgot, formLife, struct{}{})
	if err != nil {
		return err
	}
	return v.ask("Forgotten password", form{
		Action: "/password/forgot", Token: token, Submit: "Send me a link", Intro: "We send a link to your address, with which you choose a new one.",
		Fields: []field{{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Focus: true}},
	})
}

// forgot mails a link for each of the address's accounts. Everybody is answered
// alike, and not sooner.
func (s *server) forgot(v *visit) error {
	if err := v.opened(kindForgot, &struct{}{}); err != nil {
		return err
	}
	email := v.field("email")
	if err := v.attempt("forgotten " + email); err != nil {
		return err
	}
	ids, err := s.tenantsToAsk(v.ctx(), wish{}, email)
	if err != nil {
		return err
	}
	if v.mayMail(email) {
		group, ctx := errgroup.WithContext(v.ctx())
		for _, id := range ids {
			group.Go(func() error {
				err := s.inCell(ctx, id, func(ctx context.Context, t controlplane.Tenant) error {
					return s.Cells.ForgotPassword(ctx, t.Cell, t.TenantID, t.Epoch, email)
				})
				if err != nil && ctx.Err() == nil { // told to nobody: others' addresses cannot fail
					s.Log.WarnContext(ctx, "link for a new password was not mailed", "tenant", id, "err", err)
				}
				return nil
			})
		}
		_ = group.Wait() // each is logged
	}
	if err := v.settle(); err != nil {
		return err
	}
	return v.say("Look into your mail", "If "+email+" has an account, a link is on its way to it.", link{"Back to sign in", "/login"})
}

func newPassword() field {
	return field{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Hint: "At least 8 characters. A few words are better than many signs.", Focus: true}
}

func resetForm() form {
	return form{Action: "/password/reset", Submit: "Set the password", Fields: []field{newPassword()}}
}

const resetTitle = "Choose a password"

func (s *server) showReset(v *visit) error { return v.showLinked(kindReset, resetTitle, resetForm()) }

// reset sets a password. All sessions end, at the authorization server too:
// whoever had the old password may have some.
func (s *server) reset(v *visit) error {
	var m mailed
	if err := v.opened(kindReset, &m); err != nil {
		return err
	}
	user, err := v.useCode(m, func(ctx context.Context, t controlplane.Tenant) (uuid.UUID, error) {
		return s.Cells.ResetPassword(ctx, t.Cell, t.TenantID, t.Epoch, m.Code, v.r.PostFormValue("password"))
	})
	if text, ok := aboutPassword(err); ok {
		f := resetForm()
		f.Fields[0].Error = text
		return v.askLinked(kindReset, resetTitle, m, f)
	}
	if err != nil {
		return err
	}
	if err := s.revokeSubject(v.ctx(), controlplane.SubjectOfUser(user)); err != nil {
		return err
	}
	v.dropCookie(accountCookie)
	v.newBrowser()
	t, err := s.tenant(v.ctx(), m.TenantID)
	if err != nil {
		return err
	}
	return v.say("The password is set", "Everybody who was signed in to your account has been signed out. Sign in with the new password.", link{"Sign in", "/t/" + string(t.Slug)})
}

// aboutPassword returns what is wrong with a new password, if that is what err
// says.
func aboutPassword(err error) (string, bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid {
		return "", false
	}
	for _, violation := range f.Violations {
		if violation.Field == "/password" {
			return sentence(violation.Message), true
		}
	}
	return "", false
}

func (s *server) showVerify(v *visit) error {
	return v.showLinked(kindVerify, "Confirm your address", form{Action: "/verify", Submit: "Confirm", Intro: "Press the button to confirm that this e-mail address is yours."})
}

func (s *server) verifyEmail(v *visit) error {
	var m mailed
	if err := v.opened(kindVerify, &m); err != nil {
		return err
	}
	_, err := v.useCode(m, func(ctx context.Context, t controlplane.Tenant) (uuid.UUID, error) {
		return s.Cells.VerifyEmail(ctx, t.Cell, t.TenantID, t.Epoch, m.Code)
	})
	if err != nil {
		return err
	}
	return v.say("Confirmed", "Your e-mail address is confirmed.", link{"Sign in", "/login"})
}

func invitationForm() form {
	return form{
		Action: "/invitation", Submit: "Join", Intro: "You were invited. Say what your colleagues will call you, and choose a password.",
		Fields: []field{{Name: "name", Label: "Your name", Type: "text", Autocomplete: "name"}, newPassword()},
	}
}

const invitationTitle = "Join"

func (s *server) showInvitation(v *visit) error {
	return v.showLinked(kindInvitation, invitationTitle, invitationForm())
}

// acceptInvitation makes the invited person a user.
func (s *server) acceptInvitation(v *visit) error {
	var m mailed
	if err := v.opened(kindInvitation, &m); err != nil {
		return err
	}
	_, err := v.useCode(m, func(ctx context.Context, t controlplane.Tenant) (uuid.UUID, error) {
		return s.Cells.AcceptInvitation(ctx, t.Cell, t.TenantID, t.Epoch, m.Code, v.field("name"), v.r.PostFormValue("password"))
	})
	var f *fault.Error
	if errors.As(err, &f) && f.Code == fault.Invalid {
		again := invitationForm()
		again.Fields[0].Value = v.field("name")
		for _, violation := range f.Violations {
			for i := range again.Fields {
				if violation.Field == "/"+again.Fields[i].Name {
					again.Fields[i].Error = sentence(violation.Message)
				}
			}
		}
		if len(f.Violations) == 0 {
			again.Alert = sentence(f.Message)
		}
		return v.askLinked(kindInvitation, invitationTitle, m, again)
	}
	if err != nil {
		return err
	}
	t, err := s.tenant(v.ctx(), m.TenantID)
	if err != nil {
		return err
	}
	return v.say("Welcome", "You belong to "+t.Organization+" now.", link{"Sign in", "/t/" + string(t.Slug)})
}
