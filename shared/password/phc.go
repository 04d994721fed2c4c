package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what one hash takes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// Recommended is OWASP's choice for argon2id (Password Storage Cheat Sheet,
// 2024): of its equivalent settings the one with the least memory, since a
// machine verifies many at once.
var Recommended = Cost{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}

// Bounds of what is read back: a row must not be able to exhaust the machine.
const (
	maxMemoryKiB = 256 * 1024
	maxPasses    = 16
	maxLanes     = 16

	saltBytes = 16
	keyBytes  = 32
)

// stored is a hash as the PHC string format writes it:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>, both base64 without padding.
type stored struct {
	cost Cost
	salt []byte
	key  []byte
}

func (c Cost) derive(password string, salt []byte, length int) []byte {
	return argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Lanes, uint32(length))
}

func (s stored) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.cost.MemoryKiB, s.cost.Passes, s.cost.Lanes, b64(s.salt), b64(s.key))
}

// errForm does not quote the text: it is a secret.
var errForm = errors.New("password: what is stored is not an argon2id hash in PHC format")

func parse(text string) (stored, error) {
	var s stored
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return s, errForm
	}
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.cost.MemoryKiB, &s.cost.Passes, &s.cost.Lanes)
	if err != nil || n != 3 || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", s.cost.MemoryKiB, s.cost.Passes, s.cost.Lanes) {
		return s, errForm
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	s.salt, s.key = salt, key
	within := s.cost.MemoryKiB >= 8*uint32(s.cost.Lanes) && s.cost.MemoryKiB <= maxMemoryKiB && s.cost.Passes > 0 && s.cost.Passes <= maxPasses &&
		s.cost.Lanes > 0 && s.cost.Lanes <= maxLanes && len(salt) >= 8 && len(salt) <= 64 && len(key) >= 16 && len(key) <= 64
	if saltErr != nil || keyErr != nil || !within {
		return s, errForm
	}
	return s, nil
}
