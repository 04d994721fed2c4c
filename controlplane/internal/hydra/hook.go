package hydra

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Claimant says what a token shall carry beside what it has. An interface since
// what people may do is no matter of this edge.
type Claimant interface {
	Claims(ctx context.Context, r controlplane.TokenRequest) (map[string]any, error)
}

// Hook answers Hydra's question what a token that it makes or refreshes shall
// carry. What it answers replaces all that the session had, so it says that again.
type Hook struct {
	key    [sha256.Size]byte
	claims Claimant
}

// NewHook returns the hook for whoever shows the key.
func NewHook(key string, claims Claimant) *Hook {
	return &Hook{key: sha256.Sum256([]byte(key)), claims: claims}
}

// hookRequest is what Hydra tells. Its session is that of fosite's OpenID
// Connect handlers: claims of the id token, and under extra those of the access token.
type hookRequest struct {
	Session struct {
		Extra   map[string]any `json:"extra"`
		IDToken struct {
			Subject string `json:"subject"`
			Claims  struct {
				AuthTime time.Time      `json:"auth_time"`
				Extra    map[string]any `json:"ext"`
			} `json:"id_token_claims"`
		} `json:"id_token"`
	} `json:"session"`
	Request struct {
		Client     string              `json:"client_id"`
		GrantTypes []string            `json:"grant_types"`
		Payload    map[string][]string `json:"payload"`
	} `json:"request"`
}

type hookAnswer struct {
	Session struct {
		AccessToken map[string]any `json:"access_token"`
		IDToken     map[string]any `json:"id_token"`
	} `json:"session"`
}

// Answer answers one question. Faults: unauthenticated (not Hydra), forbidden
// (no token), unavailable (cannot be said now).
func (h *Hook) Answer(r *http.Request) (any, error) {
	shown := sha256.Sum256([]byte(r.Header.Get(controlplane.TokenHookHeader)))
	if subtle.ConstantTimeCompare(shown[:], h.key[:]) != 1 {
		return nil, fault.New(fault.Unauthenticated, "this is for the authorization server alone")
	}
	body, err := io.ReadAll(r.Body) // bounded by the server
	var in hookRequest
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Malformed, "not a token hook's request")
	}
	asked, err := in.asked()
	if err != nil {
		return nil, err
	}
	more, err := h.claims.Claims(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	var out hookAnswer
	out.Session.AccessToken, out.Session.IDToken = with(in.Session.Extra, more), with(in.Session.IDToken.Claims.Extra, more)
	return out, nil
}

func with(has, more map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, has)
	maps.Copy(all, more)
	return all
}

// asked is the question, in our words. Of a tenant that the session does not
// name, and of a time that it does not say, nothing is assumed.
func (in *hookRequest) asked() (controlplane.TokenRequest, error) {
	out := controlplane.TokenRequest{
		Client: in.Request.Client, Subject: in.Session.IDToken.Subject, Machine: in.machine(), AuthenticatedAt: in.Session.IDToken.Claims.AuthTime,
	}
	if text, ok := in.Session.Extra[controlplane.ClaimTenantID].(string); ok {
		id, err := tenancy.ParseID(text)
		if err != nil {
			return out, fault.Wrap(err, fault.Forbidden, "the session's tenant cannot be read")
		}
		out.TenantID = id
	}
	if text, ok := in.Session.Extra[begunIn].(string); ok {
		id, err := uuid.Parse(text)
		if err != nil {
			return out, fault.Wrap(err, fault.Forbidden, "the browser's session cannot be read")
		}
		out.Session = id
	}
	out.Offline, _ = in.Session.Extra[offline].(bool)
	// Hydra knows the second of a login. What we noted is the time of the same
	// login if it lies in that second: a session that is remembered keeps the second.
	if text, ok := in.Session.Extra[signedInAt].(string); ok {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err == nil && at.Truncate(time.Second).Equal(out.AuthenticatedAt.Truncate(time.Second)) {
			out.AuthenticatedAt = at
		}
	}
	return out, nil
}

// machine reports whether the client asks for itself. The request's own grant
// type says so: the field grant_types holds what the client may use.
func (in *hookRequest) machine() bool {
	grants := in.Request.Payload["grant_type"]
	return len(grants) == 1 && grants[0] == "client_credentials"
}
