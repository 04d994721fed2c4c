package authn

import "encoding/base64"

// canonical is base64url without padding (RFC 7515 §2) whose unused bits are zero.
var canonical = base64.RawURLEncoding.Strict()

// decodeBase64URL decodes text, of which there is only one for the same bytes.
func decodeBase64URL(text string) ([]byte, bool) {
	for i := range len(text) {
		// Encoding/base64 skips line breaks.
		if c := text[i]; c == '\n' || c == '\r' {
			return nil, false
		}
	}
	raw, err := canonical.DecodeString(text)
	return raw, err == nil
}
