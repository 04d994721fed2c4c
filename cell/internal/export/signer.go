package export

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Signer signs streams in the name of a cell.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner derives a cell's signing key from its control key, so that the
// control plane, which derives that one, knows every cell's public key.
func NewSigner(controlKey []byte) *Signer {
	h := hmac.New(sha256.New, controlKey)
	_, _ = h.Write([]byte("tenant-export-signature-v1")) // a hash takes everything
	return &Signer{key: ed25519.NewKeyFromSeed(h.Sum(nil))}
}

// PublicKey is the key, in hexadecimal, by which a signature is checked.
func (s *Signer) PublicKey() string {
	return hex.EncodeToString(s.key[ed25519.SeedSize:])
}

func (s *Signer) sign(sum []byte) []byte { return ed25519.Sign(s.key, signed(sum)) }

// signed is what a signature covers: the sum covers the header, and so the
// tenant, the cell and the key.
func signed(sum []byte) []byte {
	return append([]byte(Format+":"+strconv.Itoa(Version)+":"), sum...)
}

// ParseKey reads a public key in hexadecimal.
func ParseKey(text string) (ed25519.PublicKey, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("use a public key of %d bytes in hexadecimal", ed25519.PublicKeySize)
	}
	return key, nil
}
