package signin

import (
	"context"
	"encoding/json"
	"html/template"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

type totpPage struct {
	Alert, Token, Secret string
	QR                   template.HTML
	Code                 field
	Links                []link
}

// beginTOTP shows the secret of an authenticator app to be. It is of no effect
// until a code has shown that the app has it.
func (s *server) beginTOTP(v *visit) error {
	var enrolment controlplane.TOTPEnrolment
	a, err := v.change(func(ctx context.Context, t controlplane.Tenant, a account) (err error) {
		enrolment, err = s.Cells.BeginTOTP(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID)
		return err
	})
	if err != nil {
		return v.mustSignIn(a, err)
	}
	code, err := qr(enrolment.URI)
	if err != nil {
		return err
	}
	token, err := v.token(kindAccountForm, formLife, a.Session)
	if err != nil {
		return err
	}
	return v.show("totp", page{Title: "Set up an authenticator app", Body: totpPage{
		Token: token, Secret: enrolment.Secret, QR: code, Code: codeField("code", "Code"), Links: []link{{"Not now", "/account"}},
	}})
}

type codesPage struct {
	Intro string
	Codes []string
}

// confirmTOTP turns it on and shows the recovery codes, this once.
func (s *server) confirmTOTP(v *visit) error {
	var codes []string
	wrong := false
	a, err := v.change(func(ctx context.Context, t controlplane.Tenant, a account) (err error) {
		codes, err = s.Cells.ConfirmTOTP(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, v.field("code"))
		code := fault.CodeOf(err)
		wrong = code == fault.Unauthenticated || code == fault.Invalid
		return err
	})
	if wrong {
		return v.askTOTPAgain(a)
	}
	if err != nil {
		return v.mustSignIn(a, err)
	}
	return v.show("codes", page{Title: "Recovery codes", Body: codesPage{"Your authenticator app is set up. These are your recovery codes.", codes}})
}

// askTOTPAgain asks for another code; the app has the secret already.
func (v *visit) askTOTPAgain(a account) error {
	token, err := v.token(kindAccountForm, formLife, a.Session)
	if err != nil {
		return err
	}
	return v.ask("Set up an authenticator app", form{
		Action: "/account/totp/confirm", Token: token, Submit: "Turn on", Alert: "The code is not right. Look whether the clock of your phone is, and type the code that the app shows now.",
		Fields: []field{codeField("code", "Code")}, Links: []link{{"Not now", "/account"}},
	})
}

func (s *server) removeTOTP(v *visit) error {
	return v.changed(v.change(func(ctx context.Context, t controlplane.Tenant, a account) error {
		return s.Cells.RemoveTOTP(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID)
	}))
}

func (s *server) newRecoveryCodes(v *visit) error {
	var codes []string
	a, err := v.change(func(ctx context.Context, t controlplane.Tenant, a account) (err error) {
		codes, err = s.Cells.NewRecoveryCodes(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID)
		return err
	})
	if err != nil {
		return v.mustSignIn(a, err)
	}
	return v.show("codes", page{Title: "Recovery codes", Body: codesPage{"These take the place of the codes that you had.", codes}})
}

func (s *server) beginPasskey(v *visit) error {
	var options json.RawMessage
	a, err := v.change(func(ctx context.Context, t controlplane.Tenant, a account) (err error) {
		options, err = s.Cells.BeginPasskey(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, s.party)
		return err
	})
	if err != nil {
		return v.mustSignIn(a, err)
	}
	token, err := v.token(kindAccountForm, formLife, a.Session)
	if err != nil {
		return err
	}
	f := form{
		Action: "/account/passkeys/confirm", Token: token, Submit: "Add", Intro: "Give it a name, by which you will know it again.",
		Fields: []field{{Name: "name", Label: "Name", Type: "text", Autocomplete: "off", Value: browserName(v.r.UserAgent())}}, Links: []link{{"Not now", "/account"}},
	}
	return v.show("passkey", page{Title: "Add a passkey", Script: passkeyScript, Body: passkeyPage{f, "create", string(options)}})
}

func (s *server) confirmPasskey(v *visit) error {
	answer, err := passkeyAnswer(v)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the passkey did not answer; go back and try again")
	}
	refused := false
	a, err := v.change(func(ctx context.Context, t controlplane.Tenant, a account) error {
		err := s.Cells.FinishPasskey(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, s.party, v.field("name"), answer)
		refused = fault.CodeOf(err) == fault.Unauthenticated
		return err
	})
	if refused {
		return fault.Wrap(err, fault.Invalid, "the passkey was not accepted; go back and try again")
	}
	return v.changed(a, err)
}

func (s *server) removePasskey(v *visit) error {
	return v.changed(v.change(func(ctx context.Context, t controlplane.Tenant, a account) error {
		return s.Cells.RemovePasskey(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID, v.field("passkey"))
	}))
}
