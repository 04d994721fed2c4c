package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coditect/platform/shared/fault"
)

// sealer makes texts that a browser keeps for us: AES-256-GCM, under a random
// nonce, with what the text is for and whose it is as associated data. Whoever
// holds one cannot read it, change it, or use it for something else, in another
// browser or after its time.
type sealer struct {
	aead  cipher.AEAD
	clock func() time.Time
}

// sealed is what is inside.
type sealed struct {
	Until time.Time       `json:"until"`
	Value json.RawMessage `json:"value"`
}

func newSealer(secret []byte, clock func() time.Time) (*sealer, error) {
	block, err := aes.NewCipher(derive(secret, "seal"))
	if err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	return &sealer{aead: aead, clock: clock}, nil
}

// derive makes a key of the secret for one purpose.
func derive(secret []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("signin\n" + purpose))
	return mac.Sum(nil)
}

// seal returns value for one kind of use by one holder, for as long as life.
func (s *sealer) seal(kind, holder string, life time.Duration, value any) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", kind, err)
	}
	text, err := json.Marshal(sealed{Until: s.clock().Add(life), Value: raw})
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", kind, err)
	}
	out := s.aead.Seal(nil, nil, text, binding(kind, holder)) //nolint:gosec // no nonce is given since this AEAD makes its own
	return base64.RawURLEncoding.EncodeToString(out), nil
}

var (
	errForeign = fault.New(fault.Forbidden, "this page belongs to another browser or another sign-in; begin again")
	errOver    = fault.New(fault.Gone, "this page is too old; begin again")
)

// open reads what was sealed for the same use and holder into value: forbidden
// if it was not, gone if its time is over.
func (s *sealer) open(kind, holder, text string, value any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return errForeign
	}
	plain, err := s.aead.Open(nil, nil, raw, binding(kind, holder))
	if err != nil {
		return errForeign
	}
	var in sealed
	if err := json.Unmarshal(plain, &in); err != nil {
		return fmt.Errorf("open %s: %w", kind, err) // sealed by us, so it cannot be
	}
	if !s.clock().Before(in.Until) {
		return errOver
	}
	return json.Unmarshal(in.Value, value)
}

// binding is unambiguous: no kind holds a line feed.
func binding(kind, holder string) []byte { return []byte(kind + "\n" + holder) }
