package identity_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/shared/fault"
)

// counting is a store of one key that counts its calls.
type counting struct {
	identity.Store
	mu            sync.Mutex
	hash          controlplane.SecretHash
	key           controlplane.Key
	asked, marked int
}

func (c *counting) ByHash(_ context.Context, hash controlplane.SecretHash) (controlplane.Key, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if hash != c.hash {
		return controlplane.Key{}, fault.New(fault.NotFound, "no such key")
	}
	return c.key, nil
}

func (c *counting) Used(_ context.Context, _ string, at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.marked++
	c.key.LastUsedAt = at
	return nil
}

func (c *counting) Revoke(context.Context, string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key.RevokedAt = time.Unix(1, 0)
	return nil
}

func TestAKeyIsTrustedForAShortTime(t *testing.T) {
	t.Parallel()
	secret := controlplane.NewSecret()
	hash, _ := controlplane.HashSecret(secret)
	store := &counting{hash: hash, key: controlplane.Key{Name: "root", Role: controlplane.RoleAdmin}}
	now := time.Unix(1_000_000, 0)
	service := identity.New(store, func() time.Time { return now })
	check := func(what string, wantErr bool, asked, marked int) {
		t.Helper()
		_, err := service.Authenticate(t.Context(), secret)
		if (err != nil) != wantErr || err != nil && fault.CodeOf(err) != fault.Unauthenticated || store.asked != asked || store.marked != marked {
			t.Fatalf("%s: %v, asked %d, marked %d", what, err, store.asked, store.marked)
		}
	}
	check("first", false, 1, 1)
	now = now.Add(4 * time.Second)
	check("trusted", false, 1, 1)
	now = now.Add(2 * time.Second)
	check("asked again", false, 2, 1)
	now = now.Add(time.Minute)
	check("use noted again", false, 3, 2)
	if err := service.Revoke(t.Context(), "root"); err != nil {
		t.Fatal(err)
	}
	check("revoked", true, 4, 2)
}

func TestWhatIsNoSecretIsNotLookedUp(t *testing.T) {
	t.Parallel()
	store := &counting{}
	service := identity.New(store, time.Now)
	for _, secret := range []string{"", "ctk_", "Bearer", controlplane.NewSecret() + "x"} {
		if _, err := service.Authenticate(t.Context(), secret); fault.CodeOf(err) != fault.Unauthenticated || store.asked != 0 {
			t.Errorf("%q: %v, asked %d", secret, err, store.asked)
		}
	}
	if _, err := service.Authenticate(t.Context(), controlplane.NewSecret()); fault.CodeOf(err) != fault.Unauthenticated || store.asked != 1 {
		t.Errorf("a stranger: %v, asked %d", err, store.asked)
	}
}
