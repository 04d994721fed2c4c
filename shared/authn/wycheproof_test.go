package authn_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/authn"
)

// vectors is a file of C2SP/wycheproof, of the schemas that are used here.
type vectors struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		Comment         string
		Public, Private json.RawMessage               // JWK or JWKS
		PublicKeyJwk    json.RawMessage               `json:"publicKeyJwk"`
		PublicKey       struct{ Uncompressed string } `json:"publicKey"`
		KeyJwk          json.RawMessage               `json:"keyJwk"`
		Tests           []vector
	} `json:"testGroups"`
}

type vector struct {
	TcID            int `json:"tcId"`
	Comment, Result string
	JWS, Msg, Sig   string
}

// load reads a file of vectors and checks that it is wycheproof's, unchanged and whole.
func load(t *testing.T, name string) vectors {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "wycheproof", name))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join("testdata", "wycheproof", "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); !strings.Contains(string(sums), hex.EncodeToString(sum[:])+"  "+name+"\n") {
		t.Fatalf("%s is not the file whose sum was noted", name)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestWycheproofJWSAndJWK runs every vector of both files. A valid one must be accepted if its algorithm
// is; everything else must be refused, valid or not.
func TestWycheproofJWSAndJWK(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ all, accepted, allowedInvalid int }{
		"json_web_signature_test.json": {all: 401, accepted: 10, allowedInvalid: 256},
		"json_web_key_test.json":       {all: 26, accepted: 1, allowedInvalid: 10},
	} {
		file := load(t, name)
		all, accepted, allowedInvalid := 0, 0, 0
		for _, group := range file.TestGroups {
			keys := group.Public
			if keys == nil {
				keys = group.Private
			}
			if !strings.Contains(string(keys), `"keys"`) {
				keys = json.RawMessage(`{"keys":[` + string(keys) + `]}`)
			}
			for _, test := range group.Tests {
				all++
				allowed := allowedAlgorithm(test.JWS)
				mustPass := allowed && test.Result == "valid"
				if allowed && test.Result == "invalid" {
					allowedInvalid++
				}
				_, err := authn.Open(keys, test.JWS)
				if (err == nil) != mustPass {
					t.Errorf("%s %d (%s, %s, %s): %v", name, test.TcID, group.Comment, test.Comment, test.Result, err)
				}
				if err == nil {
					accepted++
				}
			}
		}
		t.Logf("%s: %d vectors, %d accepted, %d invalid ones of the allowed algorithms refused", name, all, accepted, allowedInvalid)
		if all != file.NumberOfTests || all < want.all || accepted < want.accepted || allowedInvalid < want.allowedInvalid {
			t.Errorf("%s: too few vectors ran: %d of %d, %d accepted, %d invalid of the allowed algorithms", name, all, file.NumberOfTests, accepted, allowedInvalid)
		}
	}
}

// allowedAlgorithm reads the header with a decoder that is not the one under test.
func allowedAlgorithm(token string) bool {
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	var header struct{ Alg string }
	if err != nil || json.Unmarshal(raw, &header) != nil {
		return false
	}
	return header.Alg == "RS256" || header.Alg == "ES256" || header.Alg == "EdDSA"
}

// The JWS file has no EdDSA and few ES256 vectors; these are of the bare signatures.
func TestWycheproofSignatures(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ all, accepted int }{
		"ed25519_test.json":                      {all: 151, accepted: 88},
		"ecdsa_secp256r1_sha256_p1363_test.json": {all: 262, accepted: 173},
		"rsa_signature_2048_sha256_test.json":    {all: 259, accepted: 9},
	} {
		file := load(t, name)
		all, accepted := 0, 0
		for _, group := range file.TestGroups {
			key := group.PublicKeyJwk
			if group.KeyJwk != nil {
				key = group.KeyJwk
			}
			if key == nil {
				key = jwkOfPoint(t, group.PublicKey.Uncompressed)
			}
			for _, test := range group.Tests {
				all++
				ok, err := authn.VerifiesWith(key, string(unhex(t, test.Msg)), unhex(t, test.Sig))
				if err != nil || (test.Result == "valid") != ok && test.Result != "acceptable" {
					t.Errorf("%s %d (%s, %s): %v %v", name, test.TcID, test.Comment, test.Result, ok, err)
				}
				if ok {
					accepted++
				}
			}
		}
		t.Logf("%s: %d vectors, %d accepted", name, all, accepted)
		if all != file.NumberOfTests || all < want.all || accepted < want.accepted {
			t.Errorf("%s: too few vectors ran", name)
		}
	}
}

// jwkOfPoint makes a JWK of a P-256 point in hexadecimal (SEC 1, uncompressed).
func jwkOfPoint(t *testing.T, point string) json.RawMessage {
	t.Helper()
	raw := unhex(t, point)
	if len(raw) != 65 || raw[0] != 4 {
		t.Fatalf("no JWK, and no point: %q", point)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return json.RawMessage(`{"kty":"EC","crv":"P-256","x":"` + encode(raw[1:33]) + `","y":"` + encode(raw[33:]) + `"}`)
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
