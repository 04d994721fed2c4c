package credentials

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// PasskeyStore keeps passkeys and their challenges. It is an interface because
// use-cases do not know the database. More than five methods: two ceremonies of
// two steps.
type PasskeyStore interface {
	AttemptStore
	Factors(ctx context.Context, call *cell.Call, user uuid.UUID) (cell.Factors, error)
	AddChallenge(ctx context.Context, call *cell.Call, code cell.OneTimeCode, now time.Time) error
	FindCode(ctx context.Context, call *cell.Call, purpose cell.Purpose, hash []byte, now time.Time) (cell.OneTimeCode, error)
	AddPasskey(ctx context.Context, call *cell.Call, code cell.OneTimeCode, key cell.Passkey, now time.Time, entry cell.AuditEntry) error
	UsePasskey(ctx context.Context, call *cell.Call, code cell.OneTimeCode, key cell.Passkey, now time.Time, entry cell.AuditEntry) error
	RemovePasskey(ctx context.Context, call *cell.Call, user uuid.UUID, id []byte, entry cell.AuditEntry) error
}

// RelyingParty is the site whose pages ask for a passkey.
type RelyingParty struct {
	ID     string // its domain
	Name   string
	Origin string // scheme, host and port
}

// Passkeys are the use-cases of WebAuthn credentials as a second step.
type Passkeys struct {
	Store PasskeyStore
	Clock func() time.Time
}

// BeginAdding returns what navigator.credentials.create() is called with.
func (p Passkeys) BeginAdding(ctx context.Context, call *cell.Call, user uuid.UUID, rp RelyingParty) (json.RawMessage, error) {
	party, holder, err := p.parties(ctx, call, user, rp)
	if err != nil {
		return nil, err
	}
	options, session, err := party.BeginRegistration(holder, webauthn.WithExclusions(webauthn.Credentials(holder.credentials).CredentialDescriptors()))
	if err != nil {
		return nil, fmt.Errorf("begin to add a passkey: %w", err)
	}
	return p.challenge(ctx, call, user, cell.AddPasskey, session, options)
}

// Add keeps the passkey that navigator.credentials.create() answered with.
func (p Passkeys) Add(ctx context.Context, call *cell.Call, user uuid.UUID, rp RelyingParty, name string, answer json.RawMessage) error {
	if err := printable(name); err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return badAnswer(err)
	}
	code, session, err := p.answered(ctx, call, user, cell.AddPasskey, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return err
	}
	party, holder, err := p.parties(ctx, call, user, rp)
	if err != nil {
		return err
	}
	made, err := party.CreateCredential(holder, session, parsed)
	if err != nil {
		return badAnswer(err)
	}
	record, err := json.Marshal(made)
	if err != nil {
		return err
	}
	key := cell.Passkey{ID: made.ID, Name: name, Record: record}
	return p.Store.AddPasskey(ctx, as(call, user), code, key, p.Clock(), entry("passkey.added", user, map[string]any{"passkey_id": encoded(made.ID)}))
}

// BeginLogin returns what navigator.credentials.get() is called with.
func (p Passkeys) BeginLogin(ctx context.Context, call *cell.Call, user uuid.UUID, rp RelyingParty) (json.RawMessage, error) {
	party, holder, err := p.parties(ctx, call, user, rp)
	if err != nil {
		return nil, err
	}
	if len(holder.credentials) == 0 {
		return nil, fault.New(fault.Conflict, "the user has no passkey")
	}
	options, session, err := party.BeginLogin(holder)
	if err != nil {
		return nil, fmt.Errorf("begin a login by passkey: %w", err)
	}
	return p.challenge(ctx, call, user, cell.UsePasskey, session, options)
}

// Login completes a login by what navigator.credentials.get() answered with.
// Unauthenticated: it is not right, or the account is locked.
func (p Passkeys) Login(ctx context.Context, call *cell.Call, user uuid.UUID, rp RelyingParty, answer json.RawMessage) error {
	now, err := attempt(ctx, p.Store, p.Clock, call, user)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return badAnswer(err)
	}
	code, session, err := p.answered(ctx, call, user, cell.UsePasskey, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return err
	}
	party, holder, err := p.parties(ctx, call, user, rp)
	if err != nil {
		return err
	}
	used, err := party.ValidateLogin(holder, session, parsed)
	if err != nil || used.Authenticator.CloneWarning { // its counter went back: there are two of it
		return refused()
	}
	record, err := json.Marshal(used)
	if err != nil {
		return err
	}
	details := map[string]any{"method": cell.ByPasskey, "passkey_id": encoded(used.ID)}
	return p.Store.UsePasskey(ctx, as(call, user), code, cell.Passkey{ID: used.ID, Record: record}, now, entry("user.signed_in", user, details))
}

// Remove forgets a passkey by its id in base64url.
func (p Passkeys) Remove(ctx context.Context, call *cell.Call, user uuid.UUID, id string) error {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return fault.New(fault.NotFound, "no such passkey")
	}
	return p.Store.RemovePasskey(ctx, as(call, user), user, raw, entry("passkey.removed", user, map[string]any{"passkey_id": id}))
}

func encoded(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// challenge keeps what is expected of the answer to the options.
func (p Passkeys) challenge(ctx context.Context, call *cell.Call, user uuid.UUID, purpose cell.Purpose, session *webauthn.SessionData, options any) (json.RawMessage, error) {
	details, err := json.Marshal(session)
	if err != nil {
		return nil, err
	}
	now := p.Clock()
	code := cell.OneTimeCode{Purpose: purpose, Hash: challengeHash(session.Challenge), UserID: user, Details: details, ExpiresAt: now.Add(cell.ChallengeLife)}
	if err := p.Store.AddChallenge(ctx, as(call, user), code, now); err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

// answered finds what is expected of the answer to a challenge.
func (p Passkeys) answered(ctx context.Context, call *cell.Call, user uuid.UUID, purpose cell.Purpose, challenge string) (code cell.OneTimeCode, session webauthn.SessionData, err error) {
	code, err = p.Store.FindCode(ctx, as(call, user), purpose, challengeHash(challenge), p.Clock())
	if fault.CodeOf(err) == fault.NotFound || err == nil && code.UserID != user {
		return code, session, refused()
	}
	if err == nil {
		err = json.Unmarshal(code.Details, &session)
	}
	return code, session, err
}

func challengeHash(challenge string) []byte {
	sum := sha256.Sum256([]byte(challenge))
	return sum[:]
}

// badAnswer tells what is wrong with an answer; it holds no secret.
func badAnswer(err error) error {
	return fault.Wrap(err, fault.Unauthenticated, "the passkey's answer is not valid")
}

// holder is a user as WebAuthn sees it.
type holder struct {
	id          uuid.UUID
	person      cell.Person
	credentials []webauthn.Credential
}

// WebAuthnID implements webauthn.User.
func (h holder) WebAuthnID() []byte { return h.id[:] }

// WebAuthnName implements webauthn.User.
func (h holder) WebAuthnName() string { return h.person.Email }

// WebAuthnDisplayName implements webauthn.User.
func (h holder) WebAuthnDisplayName() string { return h.person.Name }

// WebAuthnCredentials implements webauthn.User.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

// parties are the two between whom a ceremony is held.
func (p Passkeys) parties(ctx context.Context, call *cell.Call, user uuid.UUID, rp RelyingParty) (*webauthn.WebAuthn, holder, error) {
	limits := webauthn.TimeoutConfig{Enforce: true, Timeout: cell.ChallengeLife, TimeoutUVD: cell.ChallengeLife}
	party, err := webauthn.New(&webauthn.Config{
		RPID: rp.ID, RPDisplayName: rp.Name, RPOrigins: []string{rp.Origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationPreferred},
		Timeouts:               webauthn.TimeoutsConfig{Login: limits, Registration: limits},
	})
	if err != nil {
		return nil, holder{}, fault.Wrap(err, fault.Invalid, "the site cannot have passkeys").At("/relying_party", "use a domain, and an origin that belongs to it")
	}
	f, err := p.Store.Factors(ctx, as(call, user), user)
	if err != nil {
		return nil, holder{}, err
	}
	h := holder{id: user, person: f.Person}
	for _, key := range f.Passkeys {
		var c webauthn.Credential
		if err := json.Unmarshal(key.Record, &c); err != nil {
			return nil, holder{}, fmt.Errorf("record of a passkey: %w", err)
		}
		h.credentials = append(h.credentials, c)
	}
	return party, h, nil
}
