package signin

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// deviceLife is how long a remembered browser is asked for no second step. The
// cell decides; this is the cookie's.
const deviceLife = 30 * 24 * time.Hour

// askSecondStep asks by the strongest way that is set up.
func (v *visit) askSecondStep(st step) error {
	for _, method := range []string{controlplane.AMRPasskey, controlplane.AMRTOTP, controlplane.AMRRecovery} {
		if slices.Contains(st.Who.Methods, method) {
			return v.askBy(method, st, "")
		}
	}
	back := link{"Sign in to your account to set one up", "/t/" + st.Who.Slug}
	return v.say("A second step is needed",
		"This application asks for a second step, such as a code of an authenticator app, and you have set up none. Do that on your account page, then begin again at the application.", back)
}

// chooseMethod asks in another way, of those that are set up.
func (s *server) chooseMethod(v *visit) error {
	var st step
	if err := v.opened(kindStep, &st); err != nil {
		return err
	}
	method := v.field("method")
	if !slices.Contains(st.Who.Methods, method) {
		return fault.New(fault.Forbidden, "this second step is not set up")
	}
	return v.askBy(method, st, "")
}

var methodNames = map[string]string{
	controlplane.AMRPasskey: "Use a passkey", controlplane.AMRTOTP: "Use a code of the authenticator app", controlplane.AMRRecovery: "Use a recovery code",
}

func (v *visit) askBy(method string, st step, alert string) error {
	token, err := v.token(kindStep, stepLife, st)
	if err != nil {
		return err
	}
	var others []button
	for _, other := range st.Who.Methods {
		if name := methodNames[other]; other != method && name != "" {
			others = append(others, button{Action: "/login/method", Name: "method", Value: other, Text: name})
		}
	}
	f := form{Alert: alert, Token: token, Submit: "Go on", Others: others}
	switch method {
	case controlplane.AMRPasskey:
		return v.askPasskeyLogin(st, f)
	case controlplane.AMRRecovery:
		f.Action, f.Intro = "/login/recovery", "Type one of the recovery codes that you were given. It works once."
		f.Fields = []field{{Name: "code", Label: "Recovery code", Type: "text", Autocomplete: "off", Focus: true}}
	default:
		f.Action, f.Intro = "/login/totp", "Type the code that your authenticator app shows for "+st.Who.Organization+"."
		f.Fields = []field{codeField("code", "Code")}
		f.Check = &check{"remember", "Do not ask in this browser for 30 days"}
	}
	return v.ask("Second step", f)
}

func codeField(name, label string) field {
	return field{Name: name, Label: label, Type: "text", Autocomplete: "one-time-code", InputMode: "numeric", Focus: true}
}

// checkTOTP checks a code of an authenticator app.
func (s *server) checkTOTP(v *visit) error {
	return v.checkStep(controlplane.AMRTOTP, "The code is not right. Codes change every 30 seconds, and each works once.",
		func(ctx context.Context, t controlplane.Tenant, st step) error {
			return s.Cells.VerifyTOTP(ctx, t.Cell, t.TenantID, t.Epoch, st.Who.UserID, v.field("code"))
		})
}

// checkRecoveryCode checks a code that was kept for a day without the app.
func (s *server) checkRecoveryCode(v *visit) error {
	return v.checkStep(controlplane.AMRRecovery, "The code is not right, or was used already.",
		func(ctx context.Context, t controlplane.Tenant, st step) error {
			return s.Cells.VerifyRecoveryCode(ctx, t.Cell, t.TenantID, t.Epoch, st.Who.UserID, v.field("code"))
		})
}

// checkPasskey checks a passkey's answer.
func (s *server) checkPasskey(v *visit) error {
	return v.checkStep(controlplane.AMRPasskey, "The passkey was not accepted. Try again.",
		func(ctx context.Context, t controlplane.Tenant, st step) error {
			answer, err := passkeyAnswer(v)
			if err != nil {
				return err
			}
			return s.Cells.FinishPasskeyLogin(ctx, t.Cell, t.TenantID, t.Epoch, st.Who.UserID, s.party, answer)
		})
}

// checkStep opens the step, has the cell check it, and goes on or asks again.
func (v *visit) checkStep(method, alert string, check func(context.Context, controlplane.Tenant, step) error) error {
	s := v.server
	var st step
	if err := v.opened(kindStep, &st); err != nil {
		return err
	}
	if !slices.Contains(st.Who.Methods, method) {
		return fault.New(fault.Forbidden, "this second step is not set up")
	}
	if err := v.attempt("second step " + st.Who.UserID.String()); err != nil {
		return err
	}
	err := s.inCell(v.ctx(), st.Who.TenantID, func(ctx context.Context, t controlplane.Tenant) error { return check(ctx, t, st) })
	switch fault.CodeOf(err) {
	case "":
	case fault.Unauthenticated, fault.NotFound, fault.Gone, fault.Invalid:
		s.metrics.login(outcomeSecondBad)
		return v.askBy(method, st, alert)
	default:
		return err
	}
	st.Who.AMR = append(slices.DeleteFunc(st.Who.AMR, func(way string) bool { return way == controlplane.AMRDevice }), method, controlplane.AMRTwoSteps)
	if v.field("remember") == "yes" {
		if err := v.rememberDevice(st); err != nil {
			return err
		}
	}
	return v.finish(st)
}

func (v *visit) rememberDevice(st step) error {
	var secret string
	err := v.server.inCell(v.ctx(), st.Who.TenantID, func(ctx context.Context, t controlplane.Tenant) (err error) {
		secret, err = v.server.Cells.RememberDevice(ctx, t.Cell, t.TenantID, t.Epoch, st.Who.UserID, browserName(v.r.UserAgent()))
		return err
	})
	if err == nil {
		v.setCookie(deviceCookie+st.Who.TenantID.String(), secret, deviceLife)
	}
	return err
}

// passkeyPage is a form that the script sends.
type passkeyPage struct {
	form
	Mode    string // create or get
	Options string // JSON
}

const passkeyScript = "passkey.js"

func (v *visit) askPasskeyLogin(st step, f form) error {
	var options json.RawMessage
	err := v.server.inCell(v.ctx(), st.Who.TenantID, func(ctx context.Context, t controlplane.Tenant) (err error) {
		options, err = v.server.Cells.BeginPasskeyLogin(ctx, t.Cell, t.TenantID, t.Epoch, st.Who.UserID, v.server.party)
		return err
	})
	if err != nil {
		return err
	}
	f.Action, f.Intro = "/login/passkey", "Show that it is you, with the passkey of this device or of your security key."
	return v.show("passkey", page{Title: "Second step", Script: passkeyScript, Body: passkeyPage{f, "get", string(options)}})
}

// passkeyAnswer is what the script put into the form.
func passkeyAnswer(v *visit) (json.RawMessage, error) {
	answer := json.RawMessage(v.r.PostFormValue("answer"))
	if !json.Valid(answer) {
		return nil, fault.New(fault.Unauthenticated, "the passkey did not answer")
	}
	return answer, nil
}
