package cellapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// Principal is the caller as the router verified it: the value of
// [HeaderPrincipal]. An absent header means that nobody was verified, and the
// cell checks the request's API key itself.
type Principal struct {
	Subject string   `json:"sub"`             // the token's subject: the id of a user, or of a client
	Client  string   `json:"cid,omitempty"`   // OAuth2 client that acts, RFC 9068 client_id
	Roles   []string `json:"roles,omitempty"` // in the tenant of this request
	Scopes  []string `json:"scp,omitempty"`
	TokenID string   `json:"jti,omitempty"`
}

// maxPrincipal bounds the header's value, in bytes.
const maxPrincipal = 4 << 10

// ErrPrincipal is wrapped by every error of [ParsePrincipal].
var ErrPrincipal = errors.New("principal is not well-formed")

// String returns the header value: base64url (RFC 4648 §5, no padding) of the JSON.
func (p *Principal) String() string {
	raw, err := json.Marshal(p)
	if err != nil {
		return "" // cannot happen: strings only
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParsePrincipal reads a header value.
func ParsePrincipal(value string) (*Principal, error) {
	if len(value) > maxPrincipal {
		return nil, fmt.Errorf("%w: too long", ErrPrincipal)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64url", ErrPrincipal)
	}
	var p Principal
	if err := json.Unmarshal(raw, &p); err != nil || p.Subject == "" {
		return nil, fmt.Errorf("%w: no subject, or not JSON", ErrPrincipal)
	}
	return &p, nil
}
