package authn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"slices"
	"sync/atomic"
)

// publicKey is a key of the issuer, with the one algorithm it is for.
type publicKey struct {
	id        string // "": the issuer gave it no name
	algorithm algorithm

	public  crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	retired atomic.Bool      // the issuer does not publish it any more; never goes back
}

// Reasons why a key is not usable, for logs. None quotes the key.
var (
	errKeyKind    = errors.New("kind, curve or algorithm is not RSA with RS256, EC P-256 with ES256 or OKP Ed25519 with EdDSA")
	errKeyUse     = errors.New("it is not for verifying signatures (use, key_ops)")
	errKeyPrivate = errors.New("it carries its private part: whoever reads the set can sign")
	errKeyName    = errors.New("its kid is not a text of 1 to 256 bytes")
	errKeyValue   = errors.New("a value is missing, not canonical base64url or of the wrong size")
	errKeyPoint   = errors.New("it is not a point of its curve")
)

// privateMembers belong to private and symmetric keys (RFC 7518 §6).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// parseKey reads a JSON Web Key (RFC 7517 §4).
func parseKey(o object) (*publicKey, error) {
	if o.has(privateMembers...) {
		return nil, errKeyPrivate
	}
	id, ok := o.text("kid")
	if !ok || len(id) > maxKeyID || (id == "" && o.has("kid")) {
		return nil, errKeyName
	}
	if !forVerifying(o) {
		return nil, errKeyUse
	}
	alg, public, err := parsePublic(o)
	if err != nil {
		return nil, err
	}
	// A key may say what it is for; then it is for nothing else.
	if o.has("alg") && o["alg"] != string(alg) {
		return nil, errKeyKind
	}
	return &publicKey{id: id, algorithm: alg, public: public}, nil
}

func forVerifying(o object) bool {
	if o.has("use") && o["use"] != "sig" {
		return false
	}
	operations, ok := o.texts("key_ops")
	return ok && (!o.has("key_ops") || slices.Contains(operations, "verify"))
}

func parsePublic(o object) (algorithm, crypto.PublicKey, error) {
	switch {
	case o["kty"] == "RSA":
		public, err := parseRSA(o)
		return rs256, public, err
	case o["kty"] == "EC" && o["crv"] == "P-256":
		public, err := parseP256(o)
		return es256, public, err
	case o["kty"] == "OKP" && o["crv"] == "Ed25519":
		x, ok := o.bytes("x")
		if !ok || len(x) != ed25519.PublicKeySize {
			return "", nil, errKeyValue
		}
		return edDSA, ed25519.PublicKey(x), nil
	}
	return "", nil, errKeyKind
}

func parseP256(o object) (*ecdsa.PublicKey, error) {
	x, okX := o.bytes("x")
	y, okY := o.bytes("y")
	if !okX || !okY || len(x) != coordinateBytes || len(y) != coordinateBytes {
		return nil, errKeyValue
	}
	point := slices.Concat([]byte{4}, x, y) // SEC 1 §2.3.3, uncompressed
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, errKeyPoint
	}
	return public, nil
}

// bytes returns a member that is non-empty base64url.
func (o object) bytes(name string) ([]byte, bool) {
	text, ok := o.text(name)
	if !ok || text == "" {
		return nil, false
	}
	return decodeBase64URL(text)
}

// same reports whether both are the same key under the same name.
func (k *publicKey) same(other *publicKey) bool {
	public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.id == other.id && k.algorithm == other.algorithm && public.Equal(other.public)
}
