package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
)

const (
	issuerName = "https://issuer.e2e.example"
	audience   = "https://api.e2e.example"
)

// issuer makes access tokens as an authorization server would, and publishes
// its key. It ends with the process.
type issuer struct {
	key  ed25519.PrivateKey
	jwks *httptest.Server
}

func newIssuer() (*issuer, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	document := `{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"e2e","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}]}`
	jwks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(document)) }))
	return &issuer{key, jwks}, nil
}

func (i *issuer) known() local.Issuer {
	return local.Issuer{JWKSURL: i.jwks.URL, Name: issuerName, Audience: audience}
}

// token signs claims; those of the issuer are added unless they are given.
func (i *issuer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"iss": issuerName, "aud": audience, "exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"at+jwt","kid":"e2e"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(text)))
}
