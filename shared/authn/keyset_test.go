package authn_test

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
)

// set is the JWKS of members, as they are.
func set(t testing.TB, members ...any) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// with returns a key's members with some changed; nil takes one away.
func with(key *authntest.Key, changes map[string]any) map[string]any {
	m := key.Members()
	for name, value := range changes {
		m[name] = value
		if value == nil {
			delete(m, name)
		}
	}
	return m
}

func b64(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }

func TestUnusableKeysAreLeftOut(t *testing.T) {
	t.Parallel()
	rsa, ec, ed := newKey(t, "RS256", "k"), newKey(t, "ES256", "k"), newKey(t, "EdDSA", "k")
	big2048 := new(big.Int).Lsh(big.NewInt(1), 2047)
	odd := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return n.Add(n, big.NewInt(12345))
	}
	x := ec.Members()["x"].(string)
	for _, c := range []struct {
		key     *authntest.Key
		changes map[string]any
		reason  string
	}{
		{rsa, map[string]any{"use": "enc"}, "not for verifying"},
		{ec, map[string]any{"use": 1}, "not for verifying"},
		{ed, map[string]any{"use": ""}, "not for verifying"},
		{rsa, map[string]any{"key_ops": []string{"encrypt"}}, "not for verifying"},
		{rsa, map[string]any{"key_ops": []string{}}, "not for verifying"},
		{rsa, map[string]any{"key_ops": "verify"}, "not for verifying"},
		{ec, map[string]any{"key_ops": []string{"sign"}}, "not for verifying"},
		{rsa, map[string]any{"alg": "PS256"}, "kind"},
		{rsa, map[string]any{"alg": "ES256"}, "kind"},
		{rsa, map[string]any{"alg": "HS256"}, "kind"},
		{rsa, map[string]any{"alg": ""}, "kind"},
		{ec, map[string]any{"alg": "ES384"}, "kind"},
		{ec, map[string]any{"crv": "P-384"}, "kind"},
		{ec, map[string]any{"crv": "secp256k1"}, "kind"},
		{ec, map[string]any{"crv": nil}, "kind"},
		{ec, map[string]any{"kty": "RSA"}, "missing"},
		{rsa, map[string]any{"kty": "EC"}, "kind"},
		{rsa, map[string]any{"kty": "oct"}, "kind"},
		{rsa, map[string]any{"kty": nil}, "kind"},
		{ed, map[string]any{"crv": "Ed448"}, "kind"},
		{ed, map[string]any{"crv": "X25519"}, "kind"},
		{ed, map[string]any{"x": "AAAA"}, "missing"},
		{ed, map[string]any{"x": nil}, "missing"},
		{ec, map[string]any{"y": x}, "point"},
		{ec, map[string]any{"y": nil}, "missing"},
		{ec, map[string]any{"x": "AA" + x}, "missing"},
		{ec, map[string]any{"x": x + "="}, "missing"},
		{ec, map[string]any{"x": strings.Repeat("A", 43), "y": strings.Repeat("A", 43)}, "point"},
		{rsa, map[string]any{"n": b64(odd(2047))}, "modulus"},
		{rsa, map[string]any{"n": b64(odd(1024))}, "modulus"},
		{rsa, map[string]any{"n": b64(odd(8193))}, "modulus"},
		{rsa, map[string]any{"n": b64(big2048)}, "modulus"},
		{rsa, map[string]any{"n": nil}, "missing"},
		{rsa, map[string]any{"n": ""}, "missing"},
		{rsa, map[string]any{"n": 5}, "missing"},
		{rsa, map[string]any{"n": base64.RawURLEncoding.EncodeToString(append([]byte{0}, odd(2048).Bytes()...))}, "missing"},
		{rsa, map[string]any{"e": "AQ"}, "exponent"},
		{rsa, map[string]any{"e": "Ag"}, "exponent"},
		{rsa, map[string]any{"e": "AAEAAQ"}, "missing"},
		{rsa, map[string]any{"e": b64(odd(32))}, "exponent"},
		{rsa, map[string]any{"e": b64(odd(64))}, "exponent"},
		{rsa, map[string]any{"n": b64(new(big.Int).Exp(big.NewInt(65537), big.NewInt(128), nil))}, "ROCA"},
		{rsa, map[string]any{"d": "AQAB"}, "private"},
		{ec, map[string]any{"d": x}, "private"},
		{ed, map[string]any{"k": x}, "private"},
		{rsa, map[string]any{"oth": []any{}}, "private"},
		{rsa, map[string]any{"kid": 1}, "kid"},
		{rsa, map[string]any{"kid": ""}, "kid"},
		{rsa, map[string]any{"kid": strings.Repeat("k", 257)}, "kid"},
	} {
		good := newKey(t, "EdDSA", "good")
		ids, problems, err := authn.KeyIDs(set(t, with(c.key, c.changes), good.Members()))
		if err != nil || !slices.Equal(ids, []string{"good"}) || len(problems) != 1 || !strings.Contains(problems[0], c.reason) {
			t.Errorf("%s with %v: keys %q, problems %q (want %q), %v", c.key.Algorithm, c.changes, ids, problems, c.reason, err)
		}
	}
	for _, key := range []*authntest.Key{rsa, ec, ed} {
		for _, changes := range []map[string]any{
			nil, {"alg": nil}, {"use": nil}, {"use": nil, "key_ops": []string{"verify"}}, {"key_ops": []string{"sign", "verify"}}, {"x5c": []string{"MII"}}, {"more": true},
		} {
			if ids, problems, err := authn.KeyIDs(set(t, with(key, changes))); len(ids) != 1 || err != nil {
				t.Errorf("%s with %v: %q %v", key.Algorithm, changes, problems, err)
			}
		}
	}
}

func TestSharedKeyNamesAreRefused(t *testing.T) {
	t.Parallel()
	a, b, other := newKey(t, "EdDSA", "twin"), newKey(t, "EdDSA", "twin"), newKey(t, "EdDSA", "other")
	for name, members := range map[string][]any{
		"two keys":           {a.Members(), other.Members(), b.Members()},
		"the same key twice": {a.Members(), a.Members(), other.Members()},
		"three keys":         {a.Members(), b.Members(), other.Members(), a.Members()},
		"other kind":         {a.Members(), with(newKey(t, "ES256", "twin"), nil), other.Members()},
		"unusable twin":      {with(b, map[string]any{"use": "enc"}), a.Members(), other.Members()},
		"secret twin":        {a.Members(), other.Members(), map[string]any{"kty": "oct", "kid": "twin", "k": "AAAA"}},
	} {
		jwks := set(t, members...)
		for _, key := range []*authntest.Key{a, b} {
			if _, err := authn.Open(jwks, mint(t, key, authntest.Token{})); err == nil {
				t.Errorf("%s: a token of a key with a shared name is accepted", name)
			}
		}
		if _, err := authn.Open(jwks, mint(t, other, authntest.Token{})); err != nil {
			t.Errorf("%s: the other key: %v", name, err)
		}
	}
}

func TestKeysWithoutNames(t *testing.T) {
	t.Parallel()
	a, b, ec, named := newKey(t, "EdDSA", ""), newKey(t, "EdDSA", ""), newKey(t, "ES256", ""), newKey(t, "RS256", "named")
	token := mint(t, a, authntest.Token{})
	if _, err := authn.Open(authntest.JWKS(a, ec, named), token); err != nil {
		t.Errorf("the only key that fits: %v", err)
	}
	for _, key := range []*authntest.Key{a, b} {
		if _, err := authn.Open(authntest.JWKS(a, b), mint(t, key, authntest.Token{})); err == nil {
			t.Error("one of two keys was guessed")
		}
	}
	if _, err := authn.Open(authntest.JWKS(a, ec), mint(t, a, authntest.Token{Header: map[string]any{"kid": "a"}})); err == nil {
		t.Error("a token that names a key was checked with one without a name")
	}
	if _, err := authn.Open(authntest.JWKS(named), mint(t, named, authntest.Token{Header: map[string]any{"kid": nil}})); err == nil {
		t.Error("a token without a key's name was checked with a named key")
	}
}

func TestDocumentsThatAreNoKeySet(t *testing.T) {
	t.Parallel()
	key := string(newKey(t, "EdDSA", "k").JWK())
	for _, document := range []string{
		"", "x", "null", "[]", "{}", `{"keys":null}`, `{"keys":{}}`, `{"keys":[1]}`, `{"keys":[` + key + `,"x"]}`, key, `{"Keys":[` + key + `]}`,
		`{"keys":[` + key + `],"keys":[]}`, `{"keys":[` + strings.Replace(key, `"use"`, `"kid":"k","use"`, 1) + `]}`, `{"keys":[` + key + `]}x`,
		`{"keys":[` + strings.Repeat(key+",", 256) + key + `]}`,
	} {
		if ids, _, err := authn.KeyIDs([]byte(document)); err == nil {
			t.Errorf("%.60q was taken: %q", document, ids)
		}
	}
	if ids, _, err := authn.KeyIDs([]byte(`{"keys":[` + key + `],"more":1}`)); err != nil || len(ids) != 1 {
		t.Errorf("%q %v", ids, err)
	}
}
