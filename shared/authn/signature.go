package authn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// algorithm names a signature algorithm of RFC 7518 or RFC 8037.
type algorithm string

// The algorithms that are accepted. Each belongs to one kind of key.
const (
	rs256 algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	es256 algorithm = "ES256" // ECDSA on P-256 with SHA-256
	edDSA algorithm = "EdDSA" // Ed25519
)

func (a algorithm) allowed() bool { return a == rs256 || a == es256 || a == edDSA }

// coordinateBytes is the size of each half of an ES256 signature (RFC 7518 §3.4).
const coordinateBytes = 32

// verifies reports whether signature is k's over the text.
func (k *publicKey) verifies(text string, signature []byte) bool {
	message := []byte(text)
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		digest := sha256.Sum256(message)
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		if len(signature) != 2*coordinateBytes {
			return false
		}
		digest := sha256.Sum256(message)
		r := new(big.Int).SetBytes(signature[:coordinateBytes])
		s := new(big.Int).SetBytes(signature[coordinateBytes:])
		return ecdsa.Verify(public, digest[:], r, s)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, signature)
	}
	return false
}
