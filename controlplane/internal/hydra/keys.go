package hydra

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/shared/fault"
)

// keySets are Hydra's names for the keys of access tokens and of id tokens. Both
// are published in one document.
var keySets = []string{"hydra.jwt.access-token", "hydra.openid.id-token"}

const signingKeyBits = 2048

// Rotation says how long the phases of a rotation last, and hears of them.
type Rotation struct {
	// Announce is how long a new key is published before it signs: longer than
	// verifiers go without a look at the published keys.
	Announce time.Duration
	// Retire is how long a key is published after it has signed for the last
	// time: longer than a token lives.
	Retire time.Duration
	Wait   func(ctx context.Context, d time.Duration) error
	Phase  func(what string) // for people; may be nil
}

// RotateKeys makes Hydra sign with new keys, in a way that no verifier notices:
//
//	announced: public half published ──Announce──▶ signing: the new key signs, the old one is published ──Retire──▶ the old one is gone
//
// Hydra signs with the newest key of a set whose private half it has. So the
// public half goes in first, and the private half takes its place. What an
// interrupted rotation leaves harms nothing, and the next one removes it. Of two
// at the same time one ends with a fault (conflict).
func (c *Client) RotateKeys(ctx context.Context, r Rotation) error {
	var turns []*turn
	for _, set := range keySets {
		t, err := c.announce(ctx, set)
		if err != nil {
			return err
		}
		turns = append(turns, t)
		r.say("%s: key %s is published", set, t.key.Kid)
	}
	if err := r.Wait(ctx, r.Announce); err != nil {
		return err
	}
	for _, t := range turns {
		if err := c.putKey(ctx, t.set, t.key); err != nil {
			return err
		}
		r.say("%s: key %s signs", t.set, t.key.Kid)
	}
	if err := r.Wait(ctx, r.Retire); err != nil {
		return err
	}
	for _, t := range turns {
		if err := c.retire(ctx, t); err != nil {
			return err
		}
		r.say("%s: gone: %s", t.set, strings.Join(t.old, ", "))
	}
	return nil
}

func (r Rotation) say(format string, args ...any) {
	if r.Phase != nil {
		r.Phase(fmt.Sprintf(format, args...))
	}
}

// turn is the rotation of one set.
type turn struct {
	set string
	key api.JsonWebKey
	old []string // names of the keys that were there before
}

// announce publishes a new key that does not sign yet.
func (c *Client) announce(ctx context.Context, set string) (*turn, error) {
	keys, err := c.keys(ctx, set)
	if err != nil {
		return nil, err
	}
	t := &turn{set: set}
	for _, key := range keys {
		t.old = append(t.old, key.Kid)
	}
	if t.key, err = newSigningKey(); err != nil {
		return nil, err
	}
	return t, c.putKey(ctx, set, publicHalf(t.key))
}

// retire removes the keys that were there before, unless another rotation has
// put its own in our key's place meanwhile: it may be one of those.
func (c *Client) retire(ctx context.Context, t *turn) error {
	keys, err := c.keys(ctx, t.set)
	if err != nil {
		return err
	}
	newest := slices.IndexFunc(keys, func(k api.JsonWebKey) bool { return k.D != nil })
	if newest < 0 || keys[newest].Kid != t.key.Kid {
		return fault.New(fault.Conflict, "another rotation of the keys %s goes on; it will remove the old ones", t.set)
	}
	for _, kid := range t.old {
		response, err := c.api.JwkAPI.DeleteJsonWebKey(ctx, t.set, kid).Execute()
		if err != nil {
			return failure(err, response, "key")
		}
	}
	return nil
}

// keys returns a set's keys, the newest first; none if there is no such set yet.
func (c *Client) keys(ctx context.Context, set string) ([]api.JsonWebKey, error) {
	keys, response, err := c.api.JwkAPI.GetJsonWebKeySet(ctx, set).Execute()
	if err = failure(err, response, "key set"); fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return keys.GetKeys(), err
}

// putKey replaces the key of the same name, or adds it; Hydra takes it for its
// newest either way.
func (c *Client) putKey(ctx context.Context, set string, key api.JsonWebKey) error {
	_, response, err := c.api.JwkAPI.SetJsonWebKey(ctx, set, key.Kid).JsonWebKey(key).Execute()
	return failure(err, response, "key")
}

// newSigningKey makes a key for RS256, which every verifier knows.
func newSigningKey() (api.JsonWebKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, signingKeyBits)
	if err != nil {
		return api.JsonWebKey{}, fmt.Errorf("make a signing key: %w", err)
	}
	private.Precompute()
	text := func(n *big.Int) *string { return api.PtrString(base64.RawURLEncoding.EncodeToString(n.Bytes())) }
	return api.JsonWebKey{
		Kid: uuid.Must(uuid.NewV7()).String(), Alg: "RS256", Kty: "RSA", Use: "sig",
		N: text(private.N), E: text(big.NewInt(int64(private.E))), D: text(private.D), P: text(private.Primes[0]), Q: text(private.Primes[1]),
		Dp: text(private.Precomputed.Dp), Dq: text(private.Precomputed.Dq), Qi: text(private.Precomputed.Qinv),
	}, nil
}

// publicHalf is what of a key is published.
func publicHalf(key api.JsonWebKey) api.JsonWebKey {
	key.D, key.P, key.Q, key.Dp, key.Dq, key.Qi = nil, nil, nil, nil, nil, nil
	return key
}
