package authn_test

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

func TestEveryAlgorithmIsAccepted(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, key := range []*authntest.Key{w.rsa, w.ec, w.ed} {
		token := mint(t, key, authntest.Token{Subject: "u-" + key.Algorithm})
		if got := accepted(t, w.Verifier, token); got.Subject != "u-"+key.Algorithm {
			t.Errorf("%s: %+v", key.Algorithm, got)
		}
		if again := accepted(t, w.Verifier, token); again != accepted(t, w.Verifier, token) {
			t.Errorf("%s: not cached", key.Algorithm)
		}
	}
}

func TestIdentityGrantsTenants(t *testing.T) {
	t.Parallel()
	w, home, other := start(t), tenancy.NewID(), tenancy.NewID()
	identity := accepted(t, w.Verifier, mint(t, w.rsa, authntest.Token{
		Subject: "u1", ClientID: "web", ID: "j1", Scope: "read  write", Tenant: home, Roles: []string{"admin"},
		Tenants: map[tenancy.ID][]string{other: {"viewer"}}, Expires: began.Add(time.Minute),
	}))
	if !identity.Expires.Equal(began.Add(time.Minute)) || len(identity.Grants) != 2 {
		t.Errorf("%+v", identity)
	}
	def, ok := identity.Default()
	if !ok || def.TenantID != home {
		t.Errorf("default: %+v %v", def, ok)
	}
	for id, role := range map[tenancy.ID]string{home: "admin", other: "viewer"} {
		grant, ok := identity.Grant(id)
		if !ok {
			t.Fatalf("no grant of %s", id)
		}
		got, err := cellapi.ParsePrincipal(grant.Principal)
		want := &cellapi.Principal{Subject: "u1", Client: "web", Roles: []string{role}, Scopes: []string{"read", "write"}, TokenID: "j1"}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("principal: %+v %v", got, err)
		}
	}
	if grant, ok := identity.Grant(tenancy.NewID()); ok {
		t.Errorf("a tenant that the token does not name: %+v", grant)
	}
	nobody := accepted(t, w.Verifier, mint(t, w.rsa, authntest.Token{Claims: map[string]any{"scp": []string{"ops"}}}))
	if _, ok := nobody.Default(); ok || len(nobody.Grants) != 0 {
		t.Errorf("token without a tenant: %+v", nobody)
	}
}

func TestDefaultTenantMayBeAmongTenants(t *testing.T) {
	t.Parallel()
	w, id := start(t), tenancy.NewID()
	only := map[tenancy.ID][]string{id: {"admin"}}
	identity := accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Tenant: id, Tenants: only}))
	grant, _ := identity.Default()
	if principal, err := cellapi.ParsePrincipal(grant.Principal); err != nil || len(identity.Grants) != 1 || principal.Roles[0] != "admin" {
		t.Errorf("%+v %v", identity, err)
	}
	accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Tenant: id, Tenants: only, Roles: []string{"admin"}}))
	refused(t, w.Verifier, mint(t, w.ed, authntest.Token{Tenant: id, Tenants: only, Roles: []string{"owner"}}), "tenants are not valid")
}

func TestClaimsAreJudged(t *testing.T) {
	t.Parallel()
	w, null := start(t), json.RawMessage("null")
	many := map[tenancy.ID][]string{}
	for range 65 {
		many[tenancy.NewID()] = []string{}
	}
	id := tenancy.NewID().String()
	for want, cases := range map[string][]map[string]any{
		"another issuer":   {{"iss": nil}, {"iss": authntest.Name + "x"}, {"iss": strings.ToUpper(authntest.Name)}},
		"another audience": {{"aud": nil}, {"aud": "other"}, {"aud": []string{}}, {"aud": []string{"a", "b"}}},
		"no expiry":        {{"exp": nil}},
		"has expired":      {{"exp": began.Unix() - 30}, {"exp": 0}, {"exp": float64(began.Unix()) - 30.5}},
		"not valid yet":    {{"nbf": began.Unix() + 31}},
		"no subject":       {{"sub": nil}, {"sub": ""}, {"sub": strings.Repeat("x", 256)}},
		"tenants are not": {
			{"tenants": many},
			{"tenants": []string{id}},
			{"tenants": map[string]any{"x": []string{}}},
			{"tenants": map[string]any{id: "admin"}},
			{"tenants": map[string]any{id: []string{}, strings.ToUpper(id): []string{}}},
		},
		`"exp" is not`:         {{"exp": "1"}, {"exp": null}, {"exp": -1}, {"exp": 1e300}, {"exp": json.RawMessage("1e999")}},
		`"nbf" is not`:         {{"nbf": "0"}},
		`"iat" is not`:         {{"iat": "0"}},
		`"aud" is not`:         {{"aud": []any{authntest.Audience, 1}}, {"aud": map[string]any{}}},
		`"iss" is not`:         {{"iss": []string{authntest.Name}}},
		`"sub" is not`:         {{"sub": 1}, {"sub": null}},
		`"roles" is not`:       {{"roles": "admin"}, {"roles": []any{1}}, {"roles": null}},
		`"scope" is not`:       {{"scope": []string{"a"}}},
		`"scp" is not`:         {{"scp": "a b"}},
		`"client_id" is not`:   {{"client_id": 1}},
		`"jti" is not`:         {{"jti": 1}},
		`"tenant_id" is not`:   {{"tenant_id": ""}, {"tenant_id": "acme"}, {"tenant_id": 1}, {"tenant_id": "{" + id + "}"}, {"tenant_id": "00000000-0000-0000-0000-000000000000"}},
		"more roles and scope": {{"tenant_id": id, "scope": strings.Repeat("s ", 1500)}},
	} {
		for _, claims := range cases {
			refused(t, w.Verifier, mint(t, w.ed, authntest.Token{Claims: claims}), want)
		}
	}
	for _, claims := range []map[string]any{
		{"exp": began.Unix() - 29},
		{"exp": float64(began.Unix()) - 29.5},
		{"nbf": began.Unix() + 30},
		{"aud": []string{"x", authntest.Audience}},
		{"sub": strings.Repeat("x", 255)},
		{"exp": 253402300799},
		{"unknown": map[string]any{"deep": []any{1, null, true}}},
		{"ISS": "x", "Exp": 0},
	} {
		accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Claims: claims}))
	}
	if tokens, _, _ := w.Cached(); tokens != 8 {
		t.Errorf("%d tokens are cached; refused ones must not be", tokens)
	}
}

func TestHeaderIsJudged(t *testing.T) {
	t.Parallel()
	w := start(t)
	for want, cases := range map[string][]map[string]any{
		"points to a key": {
			{"jku": w.issuer.JWKSURL()},
			{"x5u": "https://evil.test"},
			{"jwk": w.ed.Members()},
			{"x5c": []string{"MII"}},
			{"crit": []string{"exp"}, "exp": 1},
			{"crit": []string{}},
			{"b64": false, "crit": []string{"b64"}},
			{"b64": true},
		},
		"type is not accepted": {{"typ": "logout+jwt"}, {"typ": "JWE"}, {"typ": ""}, {"typ": 1}, {"typ": json.RawMessage("null")}, {"typ": "id_token"}},
		"header is not":        {{"kid": 1}, {"kid": ""}, {"kid": json.RawMessage("null")}, {"kid": strings.Repeat("k", 257)}},
		"algorithm is not accepted": {
			{"alg": "none"},
			{"alg": "None"},
			{"alg": "NONE"},
			{"alg": "nOnE"},
			{"alg": ""},
			{"alg": nil},
			{"alg": 1},
			{"alg": "HS256"},
			{"alg": "eddsa"},
			{"alg": "EDDSA"},
			{"alg": "rs256"},
			{"alg": "RS384"},
			{"alg": "RS512"},
			{"alg": "PS256"},
			{"alg": "ES384"},
			{"alg": "ES512"},
			{"alg": "ES256K"},
		},
		"not that of the key": {{"alg": "RS256"}, {"alg": "ES256"}, {"kid": "rsa"}},
		"does not publish":    {{"kid": "unknown"}, {"kid": "ED"}},
		"does not name its":   {{"kid": nil}},
	} {
		for _, header := range cases {
			refused(t, w.Verifier, mint(t, w.ed, authntest.Token{Header: header}), want)
		}
	}
	for _, header := range []map[string]any{{"typ": nil}, {"typ": "JWT"}, {"typ": "jwt"}, {"typ": "AT+JWT"}, {"typ": "application/at+jwt"}, {"x5t": "abc"}, {"ALG": "none"}} {
		accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Header: header}))
	}
}

// The public key is no secret, so it must not serve as one.
func TestPublicKeyIsNoMACKey(t *testing.T) {
	t.Parallel()
	w := start(t)
	der, err := x509.MarshalPKIXPublicKey(w.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	secrets := [][]byte{
		der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), w.rsa.JWK(), w.rsa.Public().(*rsa.PublicKey).N.Bytes(),
		x509.MarshalPKCS1PublicKey(w.rsa.Public().(*rsa.PublicKey)), nil,
	}
	valid := mint(t, w.rsa, authntest.Token{})
	payload := strings.Split(valid, ".")[1]
	for _, algorithm := range []string{"HS256", "hs256", "RS256", "none"} {
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + algorithm + `","kid":"rsa"}`))
		for _, secret := range secrets {
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(header + "." + payload))
			want := "algorithm is not accepted"
			if algorithm == "RS256" {
				want = "signature does not match"
			}
			refused(t, w.Verifier, header+"."+payload+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), want)
		}
		refused(t, w.Verifier, header+"."+payload+".", "compact form")
	}
	accepted(t, w.Verifier, valid)
}
