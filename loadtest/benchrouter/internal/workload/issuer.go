package workload

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
)

// What tokens say of their origin.
const (
	IssuerURL = "https://identity.bench.example"
	Audience  = "https://api.bench.example"

	keyID    = "bench-1"
	keyBits  = 2048
	lifetime = 2 * time.Hour // longer than any run
)

// Issuer signs access tokens with RS256.
type Issuer struct{ key *rsa.PrivateKey }

// NewIssuer makes an issuer with a new key.
func NewIssuer() (*Issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	return &Issuer{key}, err
}

// Tokens returns one token for each of the first n tenants.
func (i *Issuer) Tokens(n int) ([]string, error) {
	tokens := make([]string, n)
	now := time.Now()
	var tasks errgroup.Group
	tasks.SetLimit(runtime.NumCPU())
	for t := range tokens {
		tasks.Go(func() (err error) {
			tokens[t], err = i.token(t, now)
			return err
		})
	}
	return tokens, tasks.Wait()
}

func (i *Issuer) token(n int, now time.Time) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "at+jwt", "kid": keyID})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(map[string]any{
		"iss": IssuerURL, "aud": Audience, "sub": fmt.Sprintf("user-%08d", n), "client_id": "console", "jti": fmt.Sprintf("%032x", mix(uint64(n))),
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(), "tenant_id": ID(n).String(),
		"roles": []string{"member", "billing"}, "scope": "projects:read projects:write reports:read",
	})
	if err != nil {
		return "", err
	}
	text := encode(head) + "." + encode(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := i.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	return text + "." + encode(signature), err
}

// ServeHTTP answers with the issuer's JWKS (RFC 7517).
func (i *Issuer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	exponent := big.NewInt(int64(i.key.E)).Bytes()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID, "n": encode(i.key.N.Bytes()), "e": encode(exponent),
	}}}) // a router that has gone asks again
}

// PublicPEM is the public key as HAProxy reads it.
func (i *Issuer) PublicPEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&i.key.PublicKey)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
