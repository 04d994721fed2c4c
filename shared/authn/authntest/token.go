package authntest

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// lifetime is that of a token whose expiry is not given.
const lifetime = time.Hour

// Token says what a token claims. Its zero value is a valid token of nobody's
// tenant.
type Token struct {
	Subject  string                  // "": "user-1"
	Tenant   tenancy.ID              // zero: none
	Roles    []string                // in Tenant
	Tenants  map[tenancy.ID][]string // further ones, with the roles there
	Scope    string                  // with spaces
	ClientID string
	ID       string         // jti
	Expires  time.Time      // zero: in an hour
	Claims   map[string]any // added, or instead of the above; nil as a value takes one away
	Header   map[string]any // added to alg, kid and typ, with the same rule
}

// Mint signs a token with k.
func (k *Key) Mint(t Token) (string, error) {
	header := map[string]any{"alg": k.Algorithm, "typ": "at+jwt"}
	if k.ID != "" {
		header["kid"] = k.ID
	}
	head, err := json.Marshal(altered(header, t.Header))
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(altered(t.claims(), t.Claims))
	if err != nil {
		return "", err
	}
	return k.MintRaw(head, payload)
}

// MintRaw signs a header and a payload as they are.
func (k *Key) MintRaw(header, payload []byte) (string, error) {
	text := encode(header) + "." + encode(payload)
	signature, err := k.Sign(text)
	if err != nil {
		return "", err
	}
	return text + "." + encode(signature), nil
}

func (t *Token) claims() map[string]any {
	expires := t.Expires
	if expires.IsZero() {
		expires = time.Now().Add(lifetime)
	}
	claims := map[string]any{"iss": Name, "aud": Audience, "sub": "user-1", "exp": expires.Unix()}
	if t.Subject != "" {
		claims["sub"] = t.Subject
	}
	if !t.Tenant.IsZero() {
		claims["tenant_id"] = t.Tenant
	}
	if t.Roles != nil {
		claims["roles"] = t.Roles
	}
	if t.Tenants != nil {
		claims["tenants"] = t.Tenants
	}
	for name, text := range map[string]string{"scope": t.Scope, "client_id": t.ClientID, "jti": t.ID} {
		if text != "" {
			claims[name] = text
		}
	}
	return claims
}

// altered returns base with the changes; a nil value removes a member.
func altered(base, changes map[string]any) map[string]any {
	maps.Copy(base, changes)
	maps.DeleteFunc(base, func(_ string, value any) bool { return value == nil })
	return base
}
