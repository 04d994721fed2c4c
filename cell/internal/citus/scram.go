package citus

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	scramIterations = 4096
	scramSaltBytes  = 16
	minPassword     = 8
)

// scramVerifier returns what Postgres stores of a password (RFC 5802, RFC
// 7677). Only printable ASCII is taken: SASLprep leaves it as it is.
func scramVerifier(password string) (string, error) {
	if len(password) < minPassword {
		return "", fmt.Errorf("its password needs at least %d characters", minPassword)
	}
	for _, c := range []byte(password) {
		if c < ' ' || c > '~' {
			return "", errors.New("its password may have printable ASCII characters only")
		}
	}
	salt := make([]byte, scramSaltBytes)
	_, _ = rand.Read(salt) // never fails; see crypto/rand
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive key: %w", err)
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramIterations, b64(salt), b64(stored[:]), b64(mac(salted, "Server Key"))), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
