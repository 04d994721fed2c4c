package identity

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// Store keeps keys. The consumer's own interface, so that the cache's rules can
// be tested against a store that counts its calls.
type Store interface {
	ByHash(ctx context.Context, hash controlplane.SecretHash) (controlplane.Key, error)
	Used(ctx context.Context, name string, at time.Time) error
	List(ctx context.Context, page controlplane.Page) ([]controlplane.Key, error)
	Create(ctx context.Context, k controlplane.Key, hash controlplane.SecretHash) (controlplane.Key, error)
	Revoke(ctx context.Context, name string) error
}

// usedPrecision is how exactly the time of a key's last use is known.
const usedPrecision = time.Minute

// checkLimit bounds a check that others may wait for as well.
const checkLimit = 5 * time.Second

// Service checks and manages keys. It is safe for concurrent use.
type Service struct {
	store  Store
	cache  *cache
	clock  func() time.Time
	asking singleflight.Group
}

// New returns a service.
func New(store Store, clock func() time.Time) *Service {
	return &Service{store: store, cache: newCache(), clock: clock}
}

var errUnauthenticated = fault.New(fault.Unauthenticated, "send a valid API key: Authorization: Bearer ctk_…")

// Authenticate returns the key that a secret belongs to, or a fault
// (unauthenticated).
func (s *Service) Authenticate(ctx context.Context, secret string) (controlplane.Key, error) {
	hash, ok := controlplane.HashSecret(secret)
	if !ok {
		return controlplane.Key{}, errUnauthenticated
	}
	now := s.clock()
	if key, ok := s.cache.get(hash, now); ok {
		return key, nil
	}
	// All requests of one key expire together; one of them asks.
	found, err, _ := s.asking.Do(string(hash[:]), func() (any, error) {
		return s.check(context.WithoutCancel(ctx), hash, now)
	})
	if err != nil {
		return controlplane.Key{}, err
	}
	return found.(controlplane.Key), nil
}

// check asks the store.
func (s *Service) check(ctx context.Context, hash controlplane.SecretHash, now time.Time) (controlplane.Key, error) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	generation := s.cache.generation()
	key, err := s.store.ByHash(ctx, hash)
	if errors.Is(err, fault.New(fault.NotFound, "")) || err == nil && !key.RevokedAt.IsZero() {
		return controlplane.Key{}, errUnauthenticated
	}
	if err != nil {
		return controlplane.Key{}, err
	}
	if now.Sub(key.LastUsedAt) >= usedPrecision {
		if err := s.store.Used(ctx, key.Name, now); err != nil {
			return controlplane.Key{}, err
		}
		key.LastUsedAt = now
	}
	s.cache.put(hash, key, now, generation)
	return key, nil
}

// List returns a page of keys by name.
func (s *Service) List(ctx context.Context, page controlplane.Page) ([]controlplane.Key, error) {
	return s.store.List(ctx, page)
}

// Create makes a key and returns it with its secret, which is told this once.
func (s *Service) Create(ctx context.Context, k controlplane.Key) (key controlplane.Key, secret string, err error) {
	if err := k.Check(); err != nil {
		return k, "", err
	}
	secret = controlplane.NewSecret()
	hash, _ := controlplane.HashSecret(secret) // well-formed by construction
	key, err = s.store.Create(ctx, k, hash)
	return key, secret, err
}

// Revoke ends a key.
func (s *Service) Revoke(ctx context.Context, name string) error {
	if err := s.store.Revoke(ctx, name); err != nil {
		return err
	}
	s.cache.clear()
	return nil
}
