package onboarding

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"

	"github.com/coditect/platform/controlplane"
)

// hashKey is how an Idempotency-Key is stored: whoever knows it can repeat the
// answer, so it is a secret.
func hashKey(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// hashRequest tells one request from another. It is keyed, because the request
// holds names and addresses that could be guessed.
func hashRequest(master []byte, req controlplane.SignupRequest) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("signup-request\n"))
	// A struct of strings always encodes, always the same way.
	_ = json.NewEncoder(mac).Encode(req)
	return mac.Sum(nil)
}
