package cellclient

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// Bounds of what a cell keeps of a session's place, in bytes.
const (
	maxAddress   = 100
	maxUserAgent = 500
)

// BeginSession begins a session of a user who has signed in. Unlike other
// operations it is not idempotent: a repetition begins another one.
func (c *Client) BeginSession(ctx context.Context, cell string, id tenancy.ID, user uuid.UUID, address, userAgent string, life time.Duration) (controlplane.SessionBegun, error) {
	in := struct {
		UserID    uuid.UUID `json:"user_id"`
		Seconds   int64     `json:"seconds"`
		Address   string    `json:"address"`
		UserAgent string    `json:"user_agent"`
	}{user, int64(life / time.Second), visible(address, maxAddress), visible(userAgent, maxUserAgent)}
	var out struct {
		ID     uuid.UUID `json:"session_id"`
		Secret string    `json:"secret"`
	}
	err := c.call(ctx, callTimeout, cell, http.MethodPost, tenantPath(id)+"/sessions", in, &out)
	return controlplane.SessionBegun{ID: out.ID, Secret: out.Secret}, err
}

// visible keeps what the cell takes of a text that strangers send.
func visible(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), most)]
}

// CheckSession returns whose session a secret opens. A fault (unauthenticated)
// means that it is over, or never was.
func (c *Client) CheckSession(ctx context.Context, cell string, id tenancy.ID, secret string) (controlplane.SessionOf, error) {
	in := struct {
		Secret string `json:"secret"`
	}{secret}
	var out struct {
		ID     uuid.UUID `json:"session_id"`
		UserID uuid.UUID `json:"user_id"`
		Name   string    `json:"name"`
		Email  string    `json:"email"`
	}
	err := c.call(ctx, callTimeout, cell, http.MethodPost, tenantPath(id)+"/sessions/check", in, &out)
	return controlplane.SessionOf(out), err
}

// ListSessions returns a user's sessions that go on, oldest first.
func (c *Client) ListSessions(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) ([]controlplane.UserSession, error) {
	var out struct {
		Items []struct {
			ID        uuid.UUID `json:"session_id"`
			Address   string    `json:"address"`
			UserAgent string    `json:"user_agent"`
			CreatedAt time.Time `json:"created_at"`
			ExpiresAt time.Time `json:"expires_at"`
		} `json:"items"`
	}
	if err := c.call(ctx, callTimeout, cell, http.MethodGet, userPath(id, epoch, user, "/sessions"), nil, &out); err != nil {
		return nil, err
	}
	sessions := make([]controlplane.UserSession, len(out.Items))
	for i, s := range out.Items {
		sessions[i] = controlplane.UserSession(s)
	}
	return sessions, nil
}

// EndSession ends one session of a user. NotFound: it was ended already, or never was.
func (c *Client) EndSession(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user, session uuid.UUID, how controlplane.SessionEnd) error {
	path := userPath(id, epoch, user, "/sessions/"+session.String())
	if how == controlplane.SessionSignedOut {
		path = withQuery(path, "signed_out=true")
	}
	return c.call(ctx, callTimeout, cell, http.MethodDelete, path, nil, nil)
}
