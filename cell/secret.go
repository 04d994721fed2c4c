package cell

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

const secretBytes = 32

// Secret opens something for whoever shows it.
type Secret string

// NewSecret makes one.
func NewSecret() Secret {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	return Secret(base64.RawURLEncoding.EncodeToString(secret))
}

// Hash is what the cell stores of a secret: its SHA-256.
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
