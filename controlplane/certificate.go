package controlplane

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Certificate says what a migration moved, and how it is known to be complete.
type Certificate struct {
	Format        int                 `json:"format"` // 1
	Migration     uuid.UUID           `json:"migration"`
	Tenant        tenancy.ID          `json:"tenant"`
	Slug          tenancy.Slug        `json:"slug"`
	Source        string              `json:"source"`
	Target        string              `json:"target"`
	Epoch         uint64              `json:"epoch"` // in the target
	Tables        []TableVerification `json:"tables"`
	Rows          int64               `json:"rows"`
	VerifiedAt    string              `json:"verified_at"` // position in the source's log
	FrozenAt      string              `json:"frozen_at"`   // likewise
	AppliedAt     string              `json:"applied_at"`  // likewise: what the target had when the source was sealed
	RowsRechecked int64               `json:"rows_rechecked"`
	PauseMicros   int64               `json:"pause_us"`                  // 0: not known, the one who began it did not see its end
	RequestsHeld  *int64              `json:"requests_held,omitempty"`   // that met the pause, as routers told; absent while they have not
	RequestsFail  *int64              `json:"requests_failed,omitempty"` // of those, such as were not served in the end
	LongestHeldMS *int64              `json:"longest_held_ms,omitempty"` // that one of them waited
	Files         int64               `json:"files,omitempty"`           // in object storage, checked before the cutover
	FileBytes     int64               `json:"file_bytes,omitempty"`      //
	Committed     time.Time           `json:"committed"`
	Issued        time.Time           `json:"issued"`
}

// SignedCertificate is a certificate as it is handed out. The signature is
// Ed25519 over the certificate's JSON as this program writes it.
type SignedCertificate struct {
	Certificate Certificate `json:"certificate"`
	PublicKey   []byte      `json:"public_key"`
	Signature   []byte      `json:"signature"`
}

// Certify makes the certificate of a migration whose tenant is live in its
// target as of now.
func Certify(m Migration, now time.Time) Certificate {
	c := Certificate{
		Format: 1, Migration: m.ID, Tenant: m.TenantID, Slug: m.Slug, Source: m.Source, Target: m.Target, Epoch: m.Epoch + 1,
		Tables: m.Record.Verified.Tables, VerifiedAt: m.Record.Verified.Position, FrozenAt: m.Record.Position, AppliedAt: m.Record.Applied,
		Files: m.Record.Progress.Files, FileBytes: m.Record.Progress.FileBytes,
		RowsRechecked: m.Record.Rechecked, PauseMicros: m.Record.Pause.Microseconds(), Committed: m.Record.Committed.UTC(), Issued: now.UTC(),
	}
	for _, t := range c.Tables {
		c.Rows += t.Rows
	}
	return c
}

// Held is what routers told of requests that met a migration's write pause.
type Held struct{ Requests, Failed, LongestMillis int64 }

// CertifiedMigration is a migration with its certificate, and what routers told
// since.
type CertifiedMigration struct {
	ID       uuid.UUID
	TenantID tenancy.ID
	Document []byte
	Held     Held
}

// WithHeld returns the certificate with what routers told.
func (c Certificate) WithHeld(held Held, now time.Time) Certificate {
	c.RequestsHeld, c.RequestsFail, c.LongestHeldMS, c.Issued = &held.Requests, &held.Failed, &held.LongestMillis, now.UTC()
	return c
}

// CertificateKey signs certificates.
type CertificateKey struct{ private ed25519.PrivateKey }

// NewCertificateKey derives the key from the control plane's master, so that
// every replica signs with the same one.
func NewCertificateKey(master []byte) *CertificateKey {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("migration-certificate-v1"))
	return &CertificateKey{ed25519.NewKeyFromSeed(mac.Sum(nil))}
}

// Public is what others verify with.
func (k *CertificateKey) Public() []byte { return k.private.Public().(ed25519.PublicKey) }

// Sign returns the signed certificate.
func (k *CertificateKey) Sign(c Certificate) (SignedCertificate, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return SignedCertificate{}, fmt.Errorf("certificate: %w", err)
	}
	return SignedCertificate{Certificate: c, PublicKey: k.Public(), Signature: ed25519.Sign(k.private, raw)}, nil
}

// ErrCertificate means that a certificate is not what the control plane signed.
var ErrCertificate = errors.New("the certificate's signature does not match: it was changed, or signed by another control plane")

// ReadCertificate reads a signed certificate and verifies it with the public
// key of the control plane that is trusted, not with the one it names.
func ReadCertificate(document, public []byte) (Certificate, error) {
	var signed SignedCertificate
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields() // what is not signed must not be there
	if err := decoder.Decode(&signed); err != nil {
		return Certificate{}, fmt.Errorf("not a certificate: %w", err)
	}
	raw, err := json.Marshal(signed.Certificate)
	if err != nil {
		return Certificate{}, fmt.Errorf("not a certificate: %w", err)
	}
	if len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, raw, signed.Signature) {
		return Certificate{}, ErrCertificate
	}
	return signed.Certificate, nil
}
