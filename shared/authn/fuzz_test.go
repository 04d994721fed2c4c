package authn_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/cellapi"
)

// What is accepted has one spelling, an allowed algorithm, and a header that
// the lenient decoder understands in the same way.
func FuzzParse(f *testing.F) {
	for _, algorithm := range []string{"ES256", "EdDSA"} {
		f.Add(mint(f, newKey(f, algorithm, "k"), authntest.Token{}))
	}
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJFZERTQSIsImFsZyI6Im5vbmUifQ.e30.AA")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := authn.Parse(token)
		if err != nil {
			return
		}
		if p.Signed+"."+base64.RawURLEncoding.EncodeToString(p.Signature) != token || len(p.Signature) == 0 || len(token) > authn.MaxToken {
			t.Errorf("%q has another spelling: %+v", token, p)
		}
		if !slices.Contains([]string{"RS256", "ES256", "EdDSA"}, p.Algorithm) {
			t.Errorf("algorithm %q", p.Algorithm)
		}
		head, payload, _ := strings.Cut(p.Signed, ".")
		raw, err := base64.RawURLEncoding.DecodeString(head)
		var lenient map[string]any
		if err != nil || json.Unmarshal(raw, &lenient) != nil || lenient["alg"] != p.Algorithm || payload != p.Payload {
			t.Errorf("header %q was read as %+v", raw, p)
		}
		if kid, ok := lenient["kid"]; ok != (p.KeyID != "") || (ok && kid != p.KeyID) || lenient["crit"] != nil || lenient["jwk"] != nil {
			t.Errorf("header %q was read as %+v", raw, p)
		}
	})
}

// Usable keys are named once and never carry a secret.
func FuzzJWKS(f *testing.F) {
	a, b := newKey(f, "ES256", "a"), newKey(f, "EdDSA", "b")
	f.Add(authntest.JWKS(a, b))
	f.Add(authntest.JWKS(a, a, b))
	f.Add(authntest.JWKS(newKey(f, "RS256", "c"), newKey(f, "EdDSA", "")))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		ids, _, err := authn.KeyIDs(document)
		if err != nil {
			return
		}
		var lenient struct{ Keys []map[string]any }
		if err := json.Unmarshal(document, &lenient); err != nil {
			t.Fatalf("%q was taken: %v", document, err)
		}
		for n, id := range ids {
			if id != "" && n > 0 && ids[n-1] == id {
				t.Errorf("two keys %q", id)
			}
			found := slices.ContainsFunc(lenient.Keys, func(k map[string]any) bool {
				kid, named := k["kid"]
				return named == (id != "") && (!named || kid == id) && k["d"] == nil && k["k"] == nil && k["kty"] != "oct" && k["use"] != "enc"
			})
			if !found {
				t.Errorf("key %q of %s", id, document)
			}
		}
	})
}

// Whatever the issuer signs, the principals made of it are ones a cell reads.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"sub":"u","exp":1,"aud":["a"],"tenant_id":"0190a5d4-0000-7000-8000-000000000001","roles":["admin"],` +
		`"tenants":{"0190a5d4-0000-7000-8000-000000000002":["x"]},"scope":"a b"}`))
	f.Add([]byte(`{"sub":"u","scp":["a"],"nbf":1.5,"iat":1e3,"aud":"x"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		identity, err := authn.ParseClaims(payload)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, grant := range identity.Grants {
			if id := grant.TenantID.String(); grant.TenantID.IsZero() || seen[id] {
				t.Errorf("tenant %s", id)
			} else {
				seen[id] = true
			}
			if p, err := cellapi.ParsePrincipal(grant.Principal); identity.Subject != "" && (err != nil || p.Subject != identity.Subject) {
				t.Errorf("principal of %s: %v", payload, err)
			}
		}
	})
}
