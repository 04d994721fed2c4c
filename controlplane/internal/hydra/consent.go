package hydra

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/google/uuid"
	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const aConsent = "consent request"

// loginNotes is what a login leaves for the consent that follows it, and so for
// the session's tokens.
type loginNotes struct {
	controlplane.LoginContext
	At time.Time `json:"at"` // Hydra's own time of a login is to the second
}

// Names under which a session keeps what the hook is to know. They are no claims:
// Hydra puts into tokens only what its configuration allows.
const (
	signedInAt = "signed_in_at" // loginNotes.At
	begunIn    = "session"      // the browser's, in the cell
	offline    = "offline"      // it goes on when the person has signed out
)

// Consent returns the request that a consent challenge stands for.
func (c *Client) Consent(ctx context.Context, challenge string) (controlplane.ConsentRequest, error) {
	r, notes, err := c.consent(ctx, challenge)
	if err != nil {
		return controlplane.ConsentRequest{}, err
	}
	return controlplane.ConsentRequest{
		Challenge: challenge, Skip: r.GetSkip(), Subject: r.GetSubject(), Client: clientOf(r.GetClient()),
		Scopes: r.RequestedScope, Audience: r.RequestedAccessTokenAudience, Context: notes.LoginContext,
	}, nil
}

func (c *Client) consent(ctx context.Context, challenge string) (*api.OAuth2ConsentRequest, loginNotes, error) {
	var notes loginNotes
	r, response, err := c.api.OAuth2API.GetOAuth2ConsentRequest(ctx).ConsentChallenge(challenge).Execute()
	if err != nil {
		return nil, notes, failure(err, response, aConsent)
	}
	raw, err := json.Marshal(r.Context)
	if err == nil {
		err = json.Unmarshal(raw, &notes)
	}
	if err != nil {
		return nil, notes, fault.Wrap(err, fault.Internal, "the login's notes cannot be read")
	}
	return r, notes, nil
}

// AcceptConsent says what the application is allowed, and returns where the
// browser goes on. The session takes tenant, browser and time of the login with it.
func (c *Client) AcceptConsent(ctx context.Context, challenge string, a controlplane.AcceptedConsent) (redirect string, err error) {
	r, notes, err := c.consent(ctx, challenge)
	if err != nil {
		return "", err
	}
	access := map[string]any{signedInAt: notes.At, offline: a.Offline}
	if notes.Session != uuid.Nil {
		access[begunIn] = notes.Session
	}
	if r.GetAcr() != "" {
		access["acr"] = r.GetAcr()
	}
	if len(r.Amr) > 0 {
		access["amr"] = r.Amr
	}
	maps.Copy(access, a.Claims)
	id := map[string]any{}
	maps.Copy(id, a.Claims)
	if !notes.TenantID.IsZero() {
		access[controlplane.ClaimTenantID], id[controlplane.ClaimTenantID] = notes.TenantID, notes.TenantID
	}
	in := api.NewAcceptOAuth2ConsentRequest()
	in.SetGrantScope(a.Scopes)
	in.SetGrantAccessTokenAudience(a.Audience)
	in.SetRemember(a.Remember)
	in.SetRememberFor(int64(a.RememberFor / time.Second))
	in.SetSession(api.AcceptOAuth2ConsentRequestSession{AccessToken: access, IdToken: id})
	to, response, err := c.api.OAuth2API.AcceptOAuth2ConsentRequest(ctx).ConsentChallenge(challenge).AcceptOAuth2ConsentRequest(*in).Execute()
	return to.GetRedirectTo(), failure(err, response, aConsent)
}

// RejectConsent ends a login with an error of OAuth2 for the application.
func (c *Client) RejectConsent(ctx context.Context, challenge, code, reason string) (redirect string, err error) {
	to, response, err := c.api.OAuth2API.RejectOAuth2ConsentRequest(ctx).ConsentChallenge(challenge).RejectOAuth2Request(rejection(code, reason)).Execute()
	return to.GetRedirectTo(), failure(err, response, aConsent)
}
