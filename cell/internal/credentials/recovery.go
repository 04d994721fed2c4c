package credentials

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"github.com/coditect/platform/cell"
)

// A recovery code is 16 of Crockford's letters and digits, in groups of four: 80 bits, so a fast hash of it is enough.
const (
	recoveryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	recoveryLength   = 16
	recoveryGroup    = 4
)

// newRecoveryCodes returns codes as people write them down, and their hashes.
func newRecoveryCodes() (codes []string, hashes [][]byte) {
	for range cell.RecoveryCodes {
		raw := make([]byte, recoveryLength)
		_, _ = rand.Read(raw) // never fails
		var code strings.Builder
		for i, b := range raw {
			if i > 0 && i%recoveryGroup == 0 {
				code.WriteByte('-')
			}
			code.WriteByte(recoveryAlphabet[int(b)%len(recoveryAlphabet)])
		}
		codes, hashes = append(codes, code.String()), append(hashes, recoveryHash(code.String()))
	}
	return codes, hashes
}

// recoveryHash is the same however the code is grouped, and in whatever case.
func recoveryHash(code string) []byte {
	plain := strings.Map(func(c rune) rune {
		if strings.ContainsRune("- \t", c) {
			return -1
		}
		return c
	}, strings.ToLower(code))
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}
