package signin

import (
	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

func (v *visit) askOperator(w wish, email, alert string) error {
	token, err := v.token(kindOperator, loginLife, w)
	if err != nil {
		return err
	}
	return v.ask("Operators", form{
		Action: "/login/operator", Token: token, Submit: "Sign in", Alert: alert, Intro: "To go on to " + w.Client + ".",
		Fields: []field{
			{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Value: email, Focus: email == ""},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Focus: email != ""},
			{Name: "code", Label: "Code of your authenticator app", Type: "text", Autocomplete: "one-time-code", InputMode: "numeric"},
		},
	})
}

// loginOperator signs one of the platform's own people in. All three are checked
// at once, so that nobody learns which of them was wrong.
func (s *server) loginOperator(v *visit) error {
	var w wish
	if err := v.opened(kindOperator, &w); err != nil {
		return err
	}
	if s.Operator == nil {
		return fault.New(fault.NotFound, "operators cannot sign in here")
	}
	email := v.field("email")
	if err := v.attempt("operator " + email); err != nil {
		return err
	}
	subject, err := s.Operator(v.ctx(), email, v.r.PostFormValue("password"), v.field("code"))
	if fault.CodeOf(err) == fault.Unauthenticated {
		s.metrics.login(outcomeRefused)
		if err := v.settle(); err != nil {
			return err
		}
		return v.askOperator(w, email, "E-mail address, password or code is not right.")
	}
	if err != nil {
		return err
	}
	a := account{
		Subject: subject, ACR: controlplane.ACRTwoSteps, AMR: []string{controlplane.AMRPassword, controlplane.AMRTOTP, controlplane.AMRTwoSteps},
	}
	if err := v.enter(&a); err != nil {
		return err
	}
	return v.accept(w.Challenge, w.Session, a)
}
