package signin

import (
	"cmp"
	"slices"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const kindConsent = "consent"

type consentPage struct {
	Client, Email, Organization, Token string
	Scopes                             []scopeLine
}

type scopeLine struct{ Name, Text string }

// scopeTexts says to people what scopes mean. One that is not here is shown by its
// name.
var scopeTexts = map[string]string{
	"openid":          "know that it is you",
	"profile":         "know your name",
	"email":           "know your e-mail address",
	"offline_access":  "go on while you are not there, until you take it back on your account page",
	"offline":         "go on while you are not there, until you take it back on your account page",
	"workspaces:read": "see your workspaces", "workspaces:write": "change your workspaces",
	"projects:read": "see your projects", "projects:write": "change your projects",
	"users:read": "see your colleagues", "users:write": "change who your colleagues are",
}

// askConsent grants our own applications what they ask for, and asks about
// others'.
func (s *server) askConsent(v *visit) error {
	req, a, of, err := v.consentRequest(v.r.URL.Query().Get("consent_challenge"))
	if err != nil {
		return err
	}
	if req.Client.FirstParty || req.Skip {
		return v.grant(req, of)
	}
	body := consentPage{Client: req.Client.Name, Email: of.Email}
	if !a.TenantID.IsZero() {
		t, err := s.tenant(v.ctx(), a.TenantID)
		if err != nil {
			return err
		}
		body.Organization = t.Organization
	}
	body.Scopes = scopeLines(req.Scopes)
	if body.Token, err = v.token(kindConsent, loginLife, req.Challenge); err != nil {
		return err
	}
	return v.show("consent", page{Title: "Allow " + req.Client.Name + "?", Body: body})
}

func scopeLines(scopes []string) []scopeLine {
	lines := make([]scopeLine, len(scopes))
	for i, scope := range scopes {
		lines[i] = scopeLine{scope, cmp.Or(scopeTexts[scope], "use what is called")}
	}
	return lines
}

// consent takes the answer.
func (s *server) consent(v *visit) error {
	var challenge string
	if err := v.opened(kindConsent, &challenge); err != nil {
		return err
	}
	req, _, of, err := v.consentRequest(challenge)
	if err != nil {
		return err
	}
	if v.field("decision") == "allow" {
		return v.grant(req, of)
	}
	to, err := s.Flows.RejectConsent(v.ctx(), challenge, "access_denied", "The person did not allow it.")
	if err != nil {
		return flowFault(err, "request")
	}
	return v.leave(to)
}

// consentRequest reads the request, which must be about who has signed in with
// this browser: nobody consents for somebody else.
func (v *visit) consentRequest(challenge string) (controlplane.ConsentRequest, account, controlplane.SessionOf, error) {
	req, err := v.server.Flows.Consent(v.ctx(), challenge)
	if err != nil {
		return req, account{}, controlplane.SessionOf{}, flowFault(err, "request")
	}
	a, of, err := v.known()
	if err == nil && a.Subject != req.Subject || fault.CodeOf(err) == fault.Unauthenticated {
		err = fault.New(fault.Forbidden, "this request is about somebody else than who has signed in with this browser; go back to the application and begin again")
	}
	return req, a, of, err
}

// grant allows all that was asked for, until it is withdrawn: an application goes on
// by its refresh tokens for as long as it likes, and a consent that was forgotten
// meanwhile would stand on nobody's list. What id tokens say of a person they say
// where it was asked for.
func (v *visit) grant(req controlplane.ConsentRequest, of controlplane.SessionOf) error {
	claims := map[string]any{}
	if slices.Contains(req.Scopes, "profile") && of.Name != "" {
		claims["name"] = of.Name
	}
	if slices.Contains(req.Scopes, "email") && of.Email != "" {
		claims["email"], claims["email_verified"] = of.Email, true // nobody else signs in
	}
	to, err := v.server.Flows.AcceptConsent(v.ctx(), req.Challenge, controlplane.AcceptedConsent{
		Scopes: req.Scopes, Audience: req.Audience, Remember: true, Claims: claims,
		// Whoever allowed others to go on in their absence has not taken that back by
		// signing out; our own applications were asked nothing, and end with the rest.
		Offline: !req.Client.FirstParty && slices.ContainsFunc(req.Scopes, func(scope string) bool { return scope == "offline_access" || scope == "offline" }),
	})
	if err != nil {
		return flowFault(err, "request")
	}
	return v.leave(to)
}
