package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Sealer encrypts what the database keeps and must not be able to read: a copy
// of it without the master key opens no account.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns a sealer whose key is derived from master for the purpose
// alone.
func NewSealer(master []byte, purpose string) (Sealer, error) {
	key, err := hkdf.Key(sha256.New, master, nil, purpose, 32)
	if err != nil {
		return Sealer{}, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Sealer{}, fmt.Errorf("derive a key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	return Sealer{aead}, err
}

// Seal returns what Open opens with the same owner, and with no other.
func (s Sealer) Seal(plain, owner []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, by its documentation
	return s.aead.Seal(nonce, nonce, plain, owner)
}

var errSealed = errors.New("sealed with another key, or for another owner")

// Open undoes Seal.
func (s Sealer) Open(sealed, owner []byte) ([]byte, error) {
	if len(sealed) < s.aead.NonceSize() {
		return nil, errSealed
	}
	nonce, text := sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, text, owner)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
