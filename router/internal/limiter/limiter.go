package limiter

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/shared/directory"
)

// Limiter is safe for concurrent use.
type Limiter struct {
	opts    Options
	timing  timing
	shards  [shardCount]shard
	perMost int       // keys a shard
	began   time.Time // the zero of the limiter's clock
	ledger  exchange  // nil: counts alone
	lastOK  atomic.Int64
	routers atomic.Int64
	syncer  syncer
	metrics *metrics
}

// New returns a limiter. Without [Limiter.Run] it counts alone.
func New(opts Options) (*Limiter, error) {
	opts.setDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	var ledger exchange
	if opts.Redis != nil {
		ledger = newRedisLedger(opts.Redis, opts.Instance, timingOf(opts.SyncInterval))
	}
	return newLimiter(opts, ledger), nil
}

// newLimiter takes complete options.
func newLimiter(opts Options, ledger exchange) *Limiter {
	l := &Limiter{opts: opts, timing: timingOf(opts.SyncInterval), ledger: ledger}
	l.perMost = max(1, opts.MaxKeys/shardCount)
	// 0 means never: the clock begins a second later.
	l.began = opts.Now().Add(-time.Second)
	l.lastOK.Store(int64(time.Second))
	l.routers.Store(1)
	for i := range l.shards {
		l.shards[i].entries = map[Key]*entry{}
	}
	l.syncer = syncer{stripe: stripe(opts.SyncInterval), random: rand.Float64}
	l.metrics = newMetrics(opts.Registry, l)
	return l
}

// Take counts one request of a key under its limit. A nil limit, and one of
// neither rate nor concurrency, admits everything. It waits for nothing but a
// mutex and allocates only for a key it does not hold.
//
// An admitted request holds its ticket until it is over. A refused one is not
// counted as used, and its ticket is zero.
func (l *Limiter) Take(key Key, limit *directory.Limit, now time.Time) (Verdict, Ticket) {
	if unlimited(limit) {
		return Verdict{OK: true}, Ticket{}
	}
	at, s := l.clock(now), l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(key, at, l.perMost)
	e.lastTake = at
	if limit.Concurrent > 0 && e.inFlight.Load() >= int64(limit.Concurrent) {
		s.counts.concurrency++
		return Verdict{Reason: Concurrency, RetryAfter: retryConcurrency}, Ticket{}
	}
	v := Verdict{OK: true}
	if b := boundsOf(limit); b.rate > 0 {
		e.setBounds(b, at)
		if v = l.takeRate(s, e, at); !v.OK {
			s.counts.rate++
			return v, Ticket{}
		}
	}
	s.counts.allowed++
	e.inFlight.Add(1)
	return v, Ticket{e}
}

// takeRate counts a request in its account. The shard is locked.
func (l *Limiter) takeRate(s *shard, e *entry, at int64) Verdict {
	lost := l.lost(at)
	if lost && !e.alone {
		e.detach(at, l.lastOK.Load(), int(l.routers.Load()), &l.timing)
	}
	ok := e.take(at, &l.timing)
	if l.ledger != nil && !lost && (!ok || e.urgent(at, &l.timing)) {
		s.enqueue(e)
	}
	return e.verdict(at, &l.timing, ok)
}

// lost reports whether exchanges have failed for so long that what the others
// do is not known.
func (l *Limiter) lost(at int64) bool {
	return l.ledger != nil && at-l.lastOK.Load() > l.timing.lost
}

func (l *Limiter) clock(t time.Time) int64 { return int64(t.Sub(l.began)) }

// shard spreads keys by the random half of a tenant's id. Nobody outside
// chooses ids, so nobody chooses shards.
func (l *Limiter) shard(k Key) *shard {
	const golden = 0x9e3779b97f4a7c15
	h := (binary.LittleEndian.Uint64(k.Tenant[8:]) + uint64(k.Class)) * golden
	return &l.shards[h>>56%shardCount]
}
