package hydra

import (
	"context"
	"errors"

	"github.com/coditect/platform/controlplane"
)

const aLogout = "logout request"

// Logout returns the request that a logout challenge stands for.
func (c *Client) Logout(ctx context.Context, challenge string) (controlplane.LogoutRequest, error) {
	r, response, err := c.api.OAuth2API.GetOAuth2LogoutRequest(ctx).LogoutChallenge(challenge).Execute()
	if err != nil {
		return controlplane.LogoutRequest{}, failure(err, response, aLogout)
	}
	return controlplane.LogoutRequest{
		Challenge: challenge, Subject: r.GetSubject(), SessionID: r.GetSid(), RPInitiated: r.GetRpInitiated(), Client: clientOf(r.GetClient()),
	}, nil
}

// AcceptLogout ends the session, and returns where the browser goes on. Hydra
// tells the applications that asked to be told (back-channel logout).
func (c *Client) AcceptLogout(ctx context.Context, challenge string) (redirect string, err error) {
	to, response, err := c.api.OAuth2API.AcceptOAuth2LogoutRequest(ctx).LogoutChallenge(challenge).Execute()
	return to.GetRedirectTo(), failure(err, response, aLogout)
}

// RejectLogout leaves the session as it is.
func (c *Client) RejectLogout(ctx context.Context, challenge string) error {
	response, err := c.api.OAuth2API.RejectOAuth2LogoutRequest(ctx).LogoutChallenge(challenge).Execute()
	return failure(err, response, aLogout)
}

// EndSession ends one login session. Hydra tells the applications that asked to
// be told. A session that is not known is no error.
func (c *Client) EndSession(ctx context.Context, sessionID string) error {
	response, err := c.api.OAuth2API.RevokeOAuth2LoginSessions(ctx).Sid(sessionID).Execute()
	return failure(err, response, "session")
}

// RevokeSubject ends all that was given to somebody: login sessions, consents
// and refresh tokens. Access tokens end by themselves, within ten minutes.
// Applications are not told: for that, end each session by its name first.
func (c *Client) RevokeSubject(ctx context.Context, subject string) error {
	response, err := c.api.OAuth2API.RevokeOAuth2ConsentSessions(ctx).Subject(subject).All(true).Execute()
	grants := failure(err, response, "subject")
	response, err = c.api.OAuth2API.RevokeOAuth2LoginSessions(ctx).Subject(subject).Execute()
	return errors.Join(grants, failure(err, response, "subject"))
}
