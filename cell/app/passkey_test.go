package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/google/uuid"

	internal "github.com/coditect/platform/cell/api/internalapi"
)

// party is the site of the tests.
var party = map[string]any{"id": "login.example.org", "name": "Example", "origin": "https://login.example.org"}

// authenticator is a security key: one ES256 passkey, and a counter.
type authenticator struct {
	id      []byte
	key     *ecdsa.PrivateKey
	counter uint32
	origin  string
}

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	return &authenticator{id: id[:], key: key, origin: "https://login.example.org"}
}

var b64 = base64.RawURLEncoding

// clientData is what the browser has the key sign.
func (k *authenticator) clientData(kind, challenge string) []byte {
	raw, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
	return raw
}

// data is WebAuthn's authenticator data: site, flags (present, verified), counter.
func (k *authenticator) data(flags byte, attested []byte) []byte {
	k.counter++
	site := sha256.Sum256([]byte("login.example.org"))
	out := append(site[:], flags)
	out = binary.BigEndian.AppendUint32(out, k.counter)
	return append(out, attested...)
}

type publicKeyOptions struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
	} `json:"publicKey"`
}

func challengeOf(t testing.TB, a answer) string {
	t.Helper()
	var options publicKeyOptions
	if err := json.Unmarshal(decode[internal.PasskeyOptions](t, a).Options, &options); err != nil || options.PublicKey.Challenge == "" {
		t.Fatalf("%v: %s", err, a.body)
	}
	return options.PublicKey.Challenge
}

// create answers navigator.credentials.create().
func (k *authenticator) create(t testing.TB, challenge string) map[string]any {
	t.Helper()
	point, err := k.key.PublicKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	raw := point.Bytes() // 4, x, y
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: raw[1:33], -3: raw[33:]})
	if err != nil {
		t.Fatal(err)
	}
	attested := make([]byte, 16) // no model
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(k.id)))
	attested = append(append(attested, k.id...), cose...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.data(0x45, attested)})
	if err != nil {
		t.Fatal(err)
	}
	return k.answer(map[string]any{"clientDataJSON": b64.EncodeToString(k.clientData("webauthn.create", challenge)), "attestationObject": b64.EncodeToString(object)})
}

// get answers navigator.credentials.get().
func (k *authenticator) get(t testing.TB, challenge string) map[string]any {
	t.Helper()
	client, data := k.clientData("webauthn.get", challenge), k.data(0x05, nil)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return k.answer(map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data), "signature": b64.EncodeToString(signature),
	})
}

func (k *authenticator) answer(response map[string]any) map[string]any {
	id := b64.EncodeToString(k.id)
	return map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}}
}

// add makes it a user's passkey.
func (k *authenticator) add(t testing.TB, m member, name string) {
	t.Helper()
	challenge := challengeOf(t, m.ask(t, "POST", "/passkeys", map[string]any{"relying_party": party}))
	expect(t, m.ask(t, "PUT", "/passkeys", map[string]any{"relying_party": party, "name": name, "answer": k.create(t, challenge)}), 204)
}

func (m member) passkeyChallenge(t testing.TB) string {
	t.Helper()
	return challengeOf(t, m.w.ask(t, "POST", "/logins/passkey/begin", map[string]any{"user_id": m.id, "relying_party": party}))
}

func (m member) finishPasskey(t testing.TB, answer map[string]any) int {
	t.Helper()
	return m.w.ask(t, "POST", "/logins/passkey/finish", map[string]any{"user_id": m.id, "relying_party": party, "answer": answer}).status
}

func (k *authenticator) login(t testing.TB, m member) int {
	t.Helper()
	return m.finishPasskey(t, k.get(t, m.passkeyChallenge(t)))
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m, other, key := w.addMember(t), w.addMember(t), newAuthenticator(t)
	if a := w.ask(t, "POST", "/logins/passkey/begin", map[string]any{"user_id": m.id, "relying_party": party}); a.status != 409 {
		t.Errorf("no passkey: %d", a.status)
	}
	key.add(t, m, "my key")
	if v := m.login(t, goodPassword, ""); !*v.SecondStep || len(*v.Methods) != 1 {
		t.Errorf("%+v", v)
	}
	challenge := m.passkeyChallenge(t)
	signed := key.get(t, challenge)
	if status := m.finishPasskey(t, signed); status != 204 {
		t.Fatalf("%d %s", status, w.p.log.troubles())
	}
	if keys := m.security(t).Passkeys; len(keys) != 1 || keys[0].Name != "my key" || keys[0].LastUsedAt == nil {
		t.Errorf("%+v", keys)
	}
	stranger := newAuthenticator(t)
	stranger.id = key.id
	elsewhere := *key
	elsewhere.origin = "https://login.example.net"
	copied := *key
	for what, answer := range map[string]func() map[string]any{
		"the same answer again":      func() map[string]any { return signed },
		"a challenge that never was": func() map[string]any { return key.get(t, b64.EncodeToString(make([]byte, 32))) },
		"another key":                func() map[string]any { return stranger.get(t, m.passkeyChallenge(t)) },
		"another site":               func() map[string]any { return elsewhere.get(t, m.passkeyChallenge(t)) },
		"the challenge of a set-up": func() map[string]any {
			return key.get(t, challengeOf(t, m.ask(t, "POST", "/passkeys", map[string]any{"relying_party": party})))
		},
		"a copy whose counter is old": func() map[string]any { copied.counter = 0; return copied.get(t, m.passkeyChallenge(t)) },
	} {
		if status := m.finishPasskey(t, answer()); status != 401 {
			t.Errorf("%s: %d", what, status)
		}
	}
	if status := other.finishPasskey(t, key.get(t, m.passkeyChallenge(t))); status != 401 {
		t.Errorf("another user: %d", status)
	}
	expired := m.passkeyChallenge(t)
	w.p.exec(t, `UPDATE one_time_codes SET expires_at = now() - interval '1 minute' WHERE tenant_id = $1`, w.tn.id.String())
	if status := m.finishPasskey(t, key.get(t, expired)); status != 401 {
		t.Errorf("a challenge of which the time is over: %d", status)
	}
	challenge = challengeOf(t, other.ask(t, "POST", "/passkeys", map[string]any{"relying_party": party}))
	if a := other.ask(t, "PUT", "/passkeys", map[string]any{"relying_party": party, "name": "stolen", "answer": key.create(t, challenge)}); a.status != 409 {
		t.Errorf("somebody else's passkey: %d %s", a.status, a.body)
	}
	id := b64.EncodeToString(key.id)
	if a := other.ask(t, "DELETE", "/passkeys/"+id, nil); a.status != 404 {
		t.Errorf("somebody else removes it: %d", a.status)
	}
	expect(t, m.ask(t, "DELETE", "/passkeys/"+id, nil), 204)
	if v := m.login(t, goodPassword, ""); v.Result == internal.Ok && *v.SecondStep {
		t.Error("a passkey that was removed is asked for")
	}
}
