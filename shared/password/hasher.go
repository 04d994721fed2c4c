package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync/atomic"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/coditect/platform/shared/fault"
)

// Waiting is bounded by number, too: who comes later than waitersPerTurn others
// would wait for seconds.
const (
	waitersPerTurn = 64
	busyRetry      = time.Second
)

// Hasher hashes and verifies passwords, a bounded number at once. It is safe
// for concurrent use.
type Hasher struct {
	cost    Cost
	turns   chan struct{}
	waiting atomic.Int64
	nothing stored // what is verified where nothing is stored
}

// NewHasher returns a hasher that works at atOnce passwords at the same time,
// each of which takes the cost's memory.
func NewHasher(cost Cost, atOnce int) *Hasher {
	return &Hasher{
		cost: cost, turns: make(chan struct{}, max(1, atOnce)),
		nothing: stored{cost: cost, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)},
	}
}

// Hash returns what is stored of a password. Unavailable: too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	s := stored{cost: h.cost, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(s.salt) // never fails
	s.key = h.cost.derive(canonical(password), s.salt, keyBytes)
	return s.String(), nil
}

// Verify reports whether the password is the one that was hashed, and whether
// it was hashed at another cost than is wanted now. Nothing stored ("") costs as
// much and never fits. Unavailable: too many wait.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (ok, outdated bool, err error) {
	s := h.nothing
	if hash != "" {
		if s, err = parse(hash); err != nil {
			return false, false, err
		}
	}
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	key := s.cost.derive(canonical(password), s.salt, len(s.key))
	ok = subtle.ConstantTimeCompare(key, s.key) == 1 && hash != ""
	return ok, ok && s.cost != h.cost, nil
}

// Waste takes as long as Verify, for nobody.
func (h *Hasher) Waste(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, password, "")
	return err
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.turns <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(waitersPerTurn*cap(h.turns)) {
		return busy()
	}
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unavailable, "too many passwords are being checked; try again").After(busyRetry)
	}
}

func (h *Hasher) leave() { <-h.turns }

func busy() error {
	return fault.New(fault.Unavailable, "too many passwords are being checked; try again").After(busyRetry)
}

// canonical is the one form of a password that people may type in several.
// What is longer than may be chosen is cut: nobody has one.
func canonical(password string) string {
	if len(password) > MaxBytes {
		password = password[:MaxBytes]
	}
	return norm.NFKC.String(password)
}
