package authn

import "strings"

// maxToken bounds a token, in bytes.
const maxToken = 8 << 10

// compact is a JWS in compact serialisation (RFC 7515 §7.1), taken apart. Its
// strings are views of the token.
type compact struct {
	header    header
	signed    string // what the signature covers: first two parts with their dot
	payload   string // base64url, not looked at before the signature was checked
	signature []byte
}

// parseCompact takes a token apart and reads its header. Nothing is verified.
func parseCompact(token string) (*compact, error) {
	if len(token) > maxToken {
		return nil, errTooLong
	}
	head, rest, found := strings.Cut(token, ".")
	payload, signature, foundToo := strings.Cut(rest, ".")
	// A third dot is no base64url, so it needs no check of its own.
	if !found || !foundToo || head == "" || signature == "" {
		return nil, errCompact
	}
	c := &compact{signed: token[:len(head)+1+len(payload)], payload: payload}
	raw, ok := decodeBase64URL(head)
	if !ok {
		return nil, errCompact
	}
	if c.signature, ok = decodeBase64URL(signature); !ok {
		return nil, errCompact
	}
	var err error
	c.header, err = parseHeader(raw)
	return c, err
}

// open checks the signature with key and returns the payload.
func (c *compact) open(key *publicKey) ([]byte, error) {
	if !key.verifies(c.signed, c.signature) {
		return nil, errSignature
	}
	payload, ok := decodeBase64URL(c.payload)
	if !ok {
		return nil, errCompact
	}
	return payload, nil
}
