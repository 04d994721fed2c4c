package cell

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// MaxKeys bounds the API keys of one user.
const MaxKeys = 50

// Key is an API key of a user, without its secret: of that the cell keeps a
// hash only.
type Key struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Name      string
	Prefix    string       // the first characters of the secret part; "" of a key that was made elsewhere
	Scopes    []Permission // the key is good for these only; none: for all that its user may do
	ExpiresAt time.Time    // zero: never
	CreatedAt time.Time
	UsedOn    time.Time // the last day of use, UTC; zero: not yet
}

const (
	keyStart       = "cdt_"
	keySecretBytes = 32
	keyPrefixChars = 6
	tenantHexChars = 32
)

// KeyText is an API key as its holder sends it:
// cdt_<tenant id as 32 hex digits>_<43 base64url characters>.
type KeyText string

// NewKeyText makes a key of the tenant.
func NewKeyText(tenant tenancy.ID) KeyText {
	secret := make([]byte, keySecretBytes)
	_, _ = rand.Read(secret) // never fails
	return KeyText(keyStart + hex.EncodeToString(tenant[:]) + "_" + base64.RawURLEncoding.EncodeToString(secret))
}

// ParseKeyText reports whether text is a key that names the tenant.
func ParseKeyText(text string, tenant tenancy.ID) (KeyText, bool) {
	rest, ok := strings.CutPrefix(text, keyStart)
	if !ok || len(rest) != tenantHexChars+1+base64.RawURLEncoding.EncodedLen(keySecretBytes) || rest[tenantHexChars] != '_' {
		return "", false
	}
	id, err := hex.DecodeString(rest[:tenantHexChars])
	if err != nil || tenancy.ID(id) != tenant {
		return "", false
	}
	_, err = base64.RawURLEncoding.DecodeString(rest[tenantHexChars+1:])
	return KeyText(text), err == nil
}

// Hash is what the cell stores of a key: its SHA-256.
func (k KeyText) Hash() []byte {
	sum := sha256.Sum256([]byte(k))
	return sum[:]
}

// Prefix tells keys of one user apart and opens nothing.
func (k KeyText) Prefix() string {
	start := len(keyStart) + tenantHexChars + 1
	return string(k[start : start+keyPrefixChars])
}
