package throttle

import (
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Keyed bounds how often something may happen to each of many things. It is safe
// for concurrent use, and forgets those that were asked for longest ago.
type Keyed[K comparable] struct {
	rate Rate
	now  func() time.Time

	mu    sync.Mutex
	turns *simplelru.LRU[K, time.Time]
}

// NewKeyed returns one that remembers so many keys.
func NewKeyed[K comparable](rate Rate, remembered int, clock func() time.Time) (*Keyed[K], error) {
	if rate.PerMinute < 1 || rate.Burst < 1 {
		return nil, fmt.Errorf("throttle: %+v is not a rate for keys", rate)
	}
	turns, err := simplelru.NewLRU[K, time.Time](remembered, nil)
	if err != nil {
		return nil, fmt.Errorf("throttle: %w", err)
	}
	return &Keyed[K]{rate: rate, now: clock, turns: turns}, nil
}

// Admit returns 0 if it may happen to the key now, or how long to wait.
func (k *Keyed[K]) Admit(key K) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	before, _ := k.turns.Get(key)
	due, wait := k.rate.turn(before, k.now())
	if wait == 0 {
		k.turns.Add(key, due)
	}
	return wait
}
