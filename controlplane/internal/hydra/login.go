package hydra

import (
	"context"
	"net/url"
	"time"

	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/controlplane"
)

const aLogin = "login request"

// Login returns the request that a login challenge stands for.
func (c *Client) Login(ctx context.Context, challenge string) (controlplane.LoginRequest, error) {
	r, response, err := c.api.OAuth2API.GetOAuth2LoginRequest(ctx).LoginChallenge(challenge).Execute()
	if err != nil {
		return controlplane.LoginRequest{}, failure(err, response, aLogin)
	}
	notes, err := notesOf(r.Client)
	if err != nil {
		return controlplane.LoginRequest{}, err
	}
	oidc := r.GetOidcContext()
	return controlplane.LoginRequest{
		Challenge: challenge, Skip: r.Skip, Subject: r.Subject, SessionID: r.GetSessionId(), Client: clientOf(r.Client),
		RequestedScopes: r.RequestedScope, ACR: oidc.AcrValues, LoginHint: oidc.GetLoginHint(),
		TenantHint: tenantHint(r.RequestUrl, notes), Operators: notes.Operators, RequestURL: r.RequestUrl,
	}, nil
}

// tenantHint is the slug that the application asks for, or else the one that it
// is for.
func tenantHint(requestURL string, notes clientNotes) string {
	if u, err := url.Parse(requestURL); err == nil {
		if slug := u.Query().Get("tenant"); slug != "" {
			return slug
		}
	}
	return notes.Tenant
}

// clientOf is what people are told of an application.
func clientOf(c api.OAuth2Client) controlplane.OAuthClient {
	return controlplane.OAuthClient{
		ID: c.GetClientId(), Name: c.GetClientName(), FirstParty: c.GetSkipConsent(), LogoURI: c.GetLogoUri(), Audience: c.Audience,
	}
}

// AcceptLogin says who it is, and returns where the browser goes on.
func (c *Client) AcceptLogin(ctx context.Context, challenge string, l controlplane.AcceptedLogin) (redirect string, err error) {
	in := api.NewAcceptOAuth2LoginRequest(l.Subject)
	in.SetRemember(l.Remember)
	in.SetRememberFor(int64(l.RememberFor / time.Second))
	in.SetAcr(l.ACR)
	in.SetAmr(l.AMR)
	in.SetContext(loginNotes{LoginContext: l.Context, At: time.Now().UTC()})
	to, response, err := c.api.OAuth2API.AcceptOAuth2LoginRequest(ctx).LoginChallenge(challenge).AcceptOAuth2LoginRequest(*in).Execute()
	return to.GetRedirectTo(), failure(err, response, aLogin)
}

// RejectLogin ends a login with an error of OAuth2 (RFC 6749 §4.1.2.1) for the application.
func (c *Client) RejectLogin(ctx context.Context, challenge, code, reason string) (redirect string, err error) {
	to, response, err := c.api.OAuth2API.RejectOAuth2LoginRequest(ctx).LoginChallenge(challenge).RejectOAuth2Request(rejection(code, reason)).Execute()
	return to.GetRedirectTo(), failure(err, response, aLogin)
}

func rejection(code, reason string) api.RejectOAuth2Request {
	return api.RejectOAuth2Request{Error: &code, ErrorDescription: &reason}
}
