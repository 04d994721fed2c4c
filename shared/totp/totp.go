package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what RFC 6238 and every authenticator use; HMAC does not need collisions to be hard
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	// Period is how long a code is shown.
	Period = 30 * time.Second
	// Digits is the length of a code.
	Digits = 6

	secretBytes = 20 // RFC 4226 §4, R6: 160 bits
	modulus     = 1_000_000
	window      = 1 // periods that the clocks may differ by
)

// NewSecret returns a fresh secret.
func NewSecret() []byte {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return secret
}

// Base32 is a secret as people type it.
func Base32(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// URI is what a QR code tells an authenticator (its format is Google
// Authenticator's, which all read). The issuer is who asks for codes, the
// account whose they are.
func URI(issuer, account string, secret []byte) string {
	query := url.Values{"secret": {Base32(secret)}, "issuer": {issuer}}
	// Authenticators want %20, not the plus sign of forms.
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// Code is the code of the period that at lies in.
func Code(secret []byte, at time.Time) string { return code(secret, step(at)) }

// Verify says whether a code is right, and in which step. Steps up to last were
// used already and are not accepted again: a code is good once. The caller keeps
// the step it is told, by a compare-and-set on the one it gave.
func Verify(secret []byte, given string, now time.Time, last int64) (used int64, ok bool) {
	given = strings.ReplaceAll(given, " ", "") // as authenticators show it
	at := step(now)
	for s := at - window; s <= at+window; s++ {
		// All are looked at: which one it was takes no different time.
		if subtle.ConstantTimeCompare([]byte(code(secret, s)), []byte(given)) == 1 && s > last {
			used, ok = s, true
		}
	}
	return used, ok
}

func step(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

// code is RFC 4226 §5.3.
func code(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, value%modulus)
}
