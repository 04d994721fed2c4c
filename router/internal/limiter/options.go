package limiter

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

const (
	defaultSyncInterval = 100 * time.Millisecond
	defaultMaxKeys      = 200_000

	// A view of the ledger that is older than the interval would make it, by
	// this factor, is no view: the router counts as cut off.
	lostAfterIntervals = 10
	// reportsAtOnce bounds one exchange, and so what Redis does in one go.
	reportsAtOnce = 2048
)

// Options describes a limiter. The zero value counts alone.
type Options struct {
	// Redis is shared by all routers of the region; nil: this router counts
	// alone. The client must not repeat commands by itself: see [Connect].
	Redis redis.UniversalClient
	// Instance names this process, uniquely; empty: a random name.
	Instance string
	// SyncInterval is the pause between exchanges with Redis; 0: 100 ms. All
	// routers have the same.
	SyncInterval time.Duration
	// MaxKeys bounds memory: pairs of tenant and class held; 0: 200,000.
	// One key takes about 250 bytes.
	MaxKeys int
	// Now is the clock of Run; it must be the clock that Take is called with. nil: time.Now.
	Now func() time.Time
	// Log takes the exchange's failures; nil: none.
	Log *slog.Logger
	// Registry takes the metrics; nil: none.
	Registry prometheus.Registerer
}

func (o *Options) setDefaults() {
	if o.Instance == "" {
		o.Instance = rand.Text()
	}
	if o.SyncInterval == 0 {
		o.SyncInterval = defaultSyncInterval
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = defaultMaxKeys
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func (o *Options) validate() error {
	var errs []error
	if o.SyncInterval < time.Millisecond || o.SyncInterval > 10*time.Second {
		errs = append(errs, fmt.Errorf("limiter: sync interval %s: want 1 ms to 10 s", o.SyncInterval))
	}
	if o.MaxKeys < shardCount {
		errs = append(errs, fmt.Errorf("limiter: %d keys at most: want at least %d", o.MaxKeys, shardCount))
	}
	if repeats(o.Redis) {
		errs = append(errs, errors.New("limiter: the Redis client repeats commands, which counts requests twice: make it with limiter.Connect, or set MaxRetries to -1"))
	}
	return errors.Join(errs...)
}

// repeats reports whether a client is known to send a command again after an
// error that does not say whether the command was executed.
func repeats(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().MaxRetries > 0
	case *redis.ClusterClient:
		return c.Options().MaxRetries > 0
	}
	return false
}
