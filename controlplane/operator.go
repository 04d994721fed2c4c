package controlplane

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"github.com/coditect/platform/shared/fault"
)

// Role is what an API key may do.
type Role string

// The roles of people, each of which may do what those before it may; one beside
// that ladder, which may look as a viewer and do what belongs to billing; and the
// roles of services.
const (
	RoleViewer   Role = "viewer"
	RoleOperator Role = "operator"
	RoleAdmin    Role = "admin"
	RoleBilling  Role = "billing"
	RoleCell     Role = "cell"   // one cell, for itself only
	RoleRouter   Role = "router" // reads the directory
)

var ranks = map[Role]int{RoleViewer: 1, RoleOperator: 2, RoleAdmin: 3, RoleBilling: 1}

// Known reports whether the role exists.
func (r Role) Known() bool { return ranks[r] > 0 || r == RoleCell || r == RoleRouter }

// AtLeast reports whether r is a person's role that may do what lowest may.
func (r Role) AtLeast(lowest Role) bool { return ranks[lowest] > 0 && ranks[r] >= ranks[lowest] }

// CallerKind is what somebody calls the control plane with.
type CallerKind string

// The kinds of callers.
const (
	CallerKey      CallerKind = "key"      // an API key
	CallerOperator CallerKind = "operator" // an operator's access token
	CallerClient   CallerKind = "client"   // an access token that a client got for itself
)

// Key is an API key without its secret, or what stands in the place of one: an
// access token's operator, by e-mail address, or client.
type Key struct {
	Name       string
	Role       Role
	Kind       CallerKind // "" is CallerKey
	ExpiresAt  time.Time  // the token's; zero: a key's
	Cell       string     // with RoleCell
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never; to the minute
	RevokedAt  time.Time // zero: not revoked
}

// keyName mirrors KeyName in openapi.yaml.
var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Check says whether name, role and cell go together.
func (k Key) Check() error {
	switch {
	case !keyName.MatchString(k.Name):
		return fault.New(fault.Invalid, "not a name for a key").At("/name", "use 1 to 64 of a-z, 0-9, dot, hyphen and underscore")
	case k.Name == System.Name || k.Name == Public.Name:
		return fault.New(fault.Invalid, "the audit log uses this name for something else").At("/name", "choose another")
	case !k.Role.Known():
		return fault.New(fault.Invalid, "no such role").At("/role", "use viewer, operator, admin, billing, cell or router")
	case (k.Role == RoleCell) != (k.Cell != ""):
		return fault.New(fault.Invalid, "the role cell needs a cell, and no other role has one").At("/cell", "belongs to the role cell")
	}
	return nil
}

const (
	secretPrefix = "ctk_"
	secretBytes  = 32
	secretLength = len(secretPrefix) + 43
)

// SecretHash identifies a secret without telling it: SHA-256. A secret has 256
// random bits, so nothing slower is needed.
type SecretHash [sha256.Size]byte

// NewSecret returns a fresh API key secret.
func NewSecret() string {
	var raw [secretBytes]byte
	_, _ = rand.Read(raw[:]) // never fails, by its documentation
	return secretPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
}

// HashSecret returns the hash of a well-formed secret: ctk_ and 43 base64url
// characters.
func HashSecret(secret string) (SecretHash, bool) {
	if len(secret) != secretLength || !strings.HasPrefix(secret, secretPrefix) {
		return SecretHash{}, false
	}
	if _, err := base64.RawURLEncoding.DecodeString(secret[len(secretPrefix):]); err != nil {
		return SecretHash{}, false
	}
	return sha256.Sum256([]byte(secret)), true
}
