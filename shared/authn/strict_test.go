package authn_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
)

func TestOnlyOneSpellingOfATokenIsAccepted(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, key := range []*authntest.Key{w.rsa, w.ec, w.ed} {
		valid := mint(t, key, authntest.Token{})
		parts := strings.Split(valid, ".")
		last := parts[2][len(parts[2])-1]
		loose := parts[2][:len(parts[2])-1] + string(alphabet[strings.IndexByte(alphabet, last)+1]) // unused bits set
		for _, token := range []string{
			"", ".", "..", "...", valid + ".", "." + valid, valid + "=", valid + "==", valid + "\n", "\n" + valid, valid + "\x00", " " + valid, valid + " ",
			parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", "." + parts[1] + "." + parts[2], parts[0] + ".." + parts[2],
			parts[0] + "=." + parts[1] + "." + parts[2], parts[0] + "." + parts[1] + "\r\n." + parts[2], valid + "." + parts[1] + "." + parts[2],
			strings.ReplaceAll(strings.ReplaceAll(valid, "-", "+"), "_", "/"), parts[0] + "." + parts[1] + "." + loose,
			`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "Bearer " + valid,
		} {
			if token != valid {
				refused(t, w.Verifier, token, "")
			}
		}
		accepted(t, w.Verifier, valid)
		refused(t, w.Verifier, parts[0]+"."+parts[1]+"."+loose, "compact form") // also with the valid one cached
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Signed by the issuer's own key: strictness must not depend on a bad signature.
func TestAmbiguousJSONIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	header, exp := `{"alg":"EdDSA","kid":"ed"}`, began.Add(time.Hour).Unix()
	payload, err := json.Marshal(map[string]any{"iss": authntest.Name, "aud": authntest.Audience, "sub": "u", "exp": exp})
	if err != nil {
		t.Fatal(err)
	}
	good := string(payload)
	for want, cases := range map[string][][2]string{
		"header is not": {
			{`{"alg":"none","alg":"EdDSA","kid":"ed"}`, good},
			{`{"alg":"EdDSA","kid":"ed","kid":"ed"}`, good},
			{`{"alg":"EdDSA","kid":"ed","k\u0069d":"rsa"}`, good},
			{`["alg"]`, good},
			{`"EdDSA"`, good},
			{header + `{}`, good},
			{header[:len(header)-1], good},
			{header[:len(header)-1] + `,}`, good},
			{header + " x", good},
			{"\xef\xbb\xbf" + header, good},
			{"{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"x\":\"\xff\"}", good},
			{`{"alg":"EdDSA","kid":"ed","x":"\ud800"}`, good},
			{`{"alg":"EdDSA","kid":"ed","x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`, good},
			{`{"alg":"EdDSA","kid":"ed","x":{"a":1,"a":1}}`, good},
		},
		"claims are not": {
			{header, good[:len(good)-1] + `,"sub":"root"}`},
			{header, `{"sub":"root",` + good[1:]},
			{header, good[:len(good)-1] + `,"tenants":{"a":[],"a":[]}}`},
			{header, "[]"},
			{header, "null"},
			{header, ""},
			{header, good + good},
			{header, good[:len(good)-1] + ",\"x\":\"\xc3\x28\"}"},
			{header, "{}}"},
		},
	} {
		for _, c := range cases {
			token, err := w.ed.MintRaw([]byte(c[0]), []byte(c[1]))
			if err != nil {
				t.Fatal(err)
			}
			refused(t, w.Verifier, token, want)
		}
	}
	token, err := w.ed.MintRaw([]byte(" "+header+"\n"), []byte("\t"+good+" "))
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, w.Verifier, token)
}

func TestSignatureWithALeadingZeroIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := mint(t, w.ec, authntest.Token{})
	dot := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[dot:])
	if err != nil {
		t.Fatal(err)
	}
	longer := slices.Insert(signature, 32, 0) // the same number s
	refused(t, w.Verifier, token[:dot]+base64.RawURLEncoding.EncodeToString(longer), "signature does not match")
}

func TestLongTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	fits := func(filler int) string {
		return mint(t, w.ed, authntest.Token{Claims: map[string]any{"filler": strings.Repeat("x", filler)}})
	}
	size := 5000
	for len(fits(size+3)) <= authn.MaxToken {
		size += 3
	}
	accepted(t, w.Verifier, fits(size))
	refused(t, w.Verifier, fits(size+3), "longer than 8 KiB")
}
