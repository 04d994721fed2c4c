package authn

import "strings"

// maxKeyID bounds a key's name, in bytes.
const maxKeyID = 256

// header is what counts of a JOSE header (RFC 7515 §4).
type header struct {
	algorithm algorithm
	keyID     string // "": not given
}

// forbidden are members that lead to a key inside the token, or that change how
// the token is to be read. RFC 7515 §4.1.11 wants unknown critical extensions
// refused, and none is known here.
var forbidden = []string{"jku", "jwk", "x5u", "x5c", "crit", "b64"}

func parseHeader(raw []byte) (header, error) {
	o, err := parseObject(raw)
	if err != nil {
		return header{}, errHeader
	}
	if o.has(forbidden...) {
		return header{}, errExtension
	}
	name, ok := o.text("alg")
	alg := algorithm(name)
	if !ok || !alg.allowed() {
		return header{}, errAlgorithm
	}
	if typ, ok := o.text("typ"); !ok || !allowedType(typ) || (typ == "" && o.has("typ")) {
		return header{}, errType
	}
	keyID, ok := o.text("kid")
	if !ok || len(keyID) > maxKeyID || (keyID == "" && o.has("kid")) {
		return header{}, errHeader
	}
	return header{algorithm: alg, keyID: keyID}, nil
}

// allowedType knows access tokens (RFC 9068 §2.1) and those that say nothing
// more than that they are JWTs. Other types, such as logout tokens, are for others.
func allowedType(typ string) bool {
	switch strings.ToLower(typ) {
	case "", "jwt", "at+jwt", "application/at+jwt":
		return true
	}
	return false
}
