package cellapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// EmailHash is what leaves a cell of an e-mail address: its HMAC-SHA-256 under a
// key of the control plane, whatever the case in which it is written. Whoever
// has the hashes and not the key cannot try addresses.
func EmailHash(key []byte, email string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(norm.NFKC.String(strings.ToLower(strings.TrimSpace(email)))))
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return sum
}

// EmailKey derives the key of EmailHash from the control plane's master key. No
// cell has it but for the time of a request.
func EmailKey(master []byte) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("e-mail index"))
	return mac.Sum(nil)
}
