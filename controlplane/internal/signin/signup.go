package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const kindSignUp = "signup"

// home shows people with an account theirs, and asks the others.
func (s *server) home(v *visit) error { return v.redirect("/account") }

func (s *server) showSignUp(v *visit) error { return v.askSignUp(rand.Text(), nil, "") }

// askSignUp shows the form; key makes sending it twice one sign-up.
func (v *visit) askSignUp(key string, mistakes map[string]string, alert string) error {
	token, err := v.token(kindSignUp, formLife, key)
	if err != nil {
		return err
	}
	f := form{
		Action: "/signup", Token: token, Submit: "Sign up", Alert: alert,
		Fields: []field{
			{Name: "organization", Label: "Organization", Type: "text", Autocomplete: "organization", Focus: true},
			{Name: "slug", Label: "Address", Type: "text", Autocomplete: "off", Hint: "Lower-case letters, digits and hyphens. It becomes part of your address."},
			{Name: "name", Label: "Your name", Type: "text", Autocomplete: "name"},
			{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "email", Hint: "We send a link to it, with which you choose your password."},
		},
		Links: []link{{"I have an account", "/login"}},
	}
	for i := range f.Fields {
		f.Fields[i].Value, f.Fields[i].Error = v.field(f.Fields[i].Name), mistakes[f.Fields[i].Name]
	}
	return v.ask("Sign up", f)
}

// signUpFields maps fields of the API's request to those of the form.
var signUpFields = map[string]string{"/organization": "organization", "/slug": "slug", "/owner/name": "name", "/owner/email": "email"}

// signUp makes a tenant and mails its owner a link, with which the address is
// confirmed and the first password chosen. It says the same whether the address
// has an account elsewhere or not.
func (s *server) signUp(v *visit) error {
	var key string
	if err := v.opened(kindSignUp, &key); err != nil {
		return err
	}
	email := v.field("email")
	slug, err := tenancy.ParseSlug(strings.ToLower(v.field("slug")))
	if err != nil {
		return v.askSignUp(key, map[string]string{"slug": sentence(strings.TrimPrefix(err.Error(), tenancy.ErrInvalidSlug.Error()+": "))}, "")
	}
	request := controlplane.SignupRequest{
		Organization: v.field("organization"), Slug: slug, Plan: controlplane.DefaultPlan, Owner: controlplane.Owner{Name: v.field("name"), Email: email},
	}
	if err := request.Check(); err != nil {
		return v.askSignUpAgain(key, err)
	}
	if wait := s.Signups.Admit(v.client); wait > 0 {
		return tooMany(wait)
	}
	t, err := s.SignUp(v.ctx(), key, request)
	if err != nil {
		return v.askSignUpAgain(key, err)
	}
	if v.mayMail(email) {
		err := s.inCell(v.ctx(), t.TenantID, func(ctx context.Context, t controlplane.Tenant) error {
			return s.Cells.ForgotPassword(ctx, t.Cell, t.TenantID, t.Epoch, email)
		})
		if err != nil {
			return err
		}
	}
	return v.say("Look into your mail", "We have sent a link to "+email+". Open it to confirm your address and to choose a password.",
		link{"No mail? Ask for another one", "/password/forgot"})
}

// askSignUpAgain shows a refused sign-up's mistakes beside their fields.
func (v *visit) askSignUpAgain(key string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	switch f.Code {
	case fault.Conflict:
		return v.askSignUp(key, map[string]string{"slug": "This address is taken. Choose another."}, "")
	case fault.KeyReused: // the form was changed after it went through
		return v.askSignUp(rand.Text(), nil, "You have signed up with this form already. Send it again to sign up once more.")
	case fault.Invalid:
		mistakes, alert := map[string]string{}, ""
		for _, violation := range f.Violations {
			if name := signUpFields[violation.Field]; name != "" {
				mistakes[name] = sentence(violation.Message)
			} else {
				alert = sentence(violation.Message)
			}
		}
		if len(f.Violations) == 0 {
			alert = sentence(f.Message)
		}
		return v.askSignUp(key, mistakes, alert)
	}
	return err
}
