package authntest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
)

const rsaBits = 2048

// Key signs tokens.
type Key struct {
	ID        string
	Algorithm string
	signer    crypto.Signer
}

// NewKey makes a key that nobody publishes.
func NewKey(algorithm, id string) (*Key, error) {
	k := &Key{ID: id, Algorithm: algorithm}
	var err error
	switch algorithm {
	case "RS256":
		k.signer, err = rsa.GenerateKey(rand.Reader, rsaBits)
	case "ES256":
		k.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, k.signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = errAlgorithm
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Public is the key that checks what k signs.
func (k *Key) Public() crypto.PublicKey { return k.signer.Public() }

// JWK is the public key as JSON Web Key.
func (k *Key) JWK() json.RawMessage {
	raw, err := json.Marshal(k.Members())
	if err != nil {
		panic(fmt.Errorf("cannot happen, members are text: %w", err))
	}
	return raw
}

// Members are the members of k's JWK; tests alter them.
func (k *Key) Members() map[string]any {
	m := map[string]any{"alg": k.Algorithm, "use": "sig"}
	if k.ID != "" {
		m["kid"] = k.ID
	}
	switch public := k.signer.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", encode(public.N.Bytes()), encode(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(fmt.Errorf("cannot happen, the key was generated: %w", err))
		}
		m["kty"], m["crv"], m["x"], m["y"] = "EC", "P-256", encode(point[1:33]), encode(point[33:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", encode(public)
	}
	return m
}

// Sign returns the signature over a token's first two parts.
func (k *Key) Sign(text string) ([]byte, error) {
	digest := sha256.Sum256([]byte(text))
	switch private := k.signer.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case ed25519.PrivateKey:
		return private.Sign(nil, []byte(text), crypto.Hash(0))
	}
	return k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
