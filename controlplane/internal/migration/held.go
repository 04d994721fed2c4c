package migration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coditect/platform/controlplane"
)

// heldPatience is how long after a certificate routers may still tell of requests
// that waited: their windows end some seconds after the last of those.
const heldPatience = 12 * time.Second

// Sums are certificates that lack what routers held.
type Sums interface {
	Unsummed(ctx context.Context, before time.Time, limit int) ([]controlplane.CertifiedMigration, error)
	Sum(ctx context.Context, m controlplane.CertifiedMigration, certificate []byte) error
}

// Summer signs certificates anew, with the requests that routers held and failed
// in the write pause: those are told only behind it, and nobody waits for them.
type Summer struct {
	Sums  Sums
	Key   *controlplane.CertificateKey
	Clock func() time.Time
}

const summedAtOnce = 50

// RunOnce signs what is due. Any number may run: the first one counts.
func (s Summer) RunOnce(ctx context.Context) error {
	now := s.Clock()
	due, err := s.Sums.Unsummed(ctx, now.Add(-heldPatience), summedAtOnce)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range due {
		if err := s.sum(ctx, m, now); err != nil {
			errs = append(errs, fmt.Errorf("certificate of migration %s: %w", m.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (s Summer) sum(ctx context.Context, m controlplane.CertifiedMigration, now time.Time) error {
	before, err := controlplane.ReadCertificate(m.Document, s.Key.Public())
	if err != nil {
		return err
	}
	signed, err := s.Key.Sign(before.WithHeld(m.Held, now))
	if err != nil {
		return err
	}
	document, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	return s.Sums.Sum(ctx, m, document)
}
