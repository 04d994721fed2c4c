package limiter

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// What the simulation needs to play the ledger and the clock.
type (
	Report = report
	Reply  = reply
)

func (r report) Figures() (key Key, rate, admitted, attempts, usedByAll, attemptsByAll float64, alone bool) {
	return r.key, r.rate, r.admitted, r.attempts, r.usedByAll, r.attemptsByAll, r.alone
}

func NewReply(used, attempts float64) Reply {
	return Reply{answered: true, used: used, attempts: attempts}
}

type unusedExchange struct{}

func (unusedExchange) Exchange(context.Context, []report, []reply) (int, error) {
	panic("the simulation exchanges by itself")
}

// NewSimulated returns a limiter whose exchanges the test plays with Collect and Apply.
func NewSimulated(opts Options, random func() float64) *Limiter {
	opts.setDefaults()
	l := newLimiter(opts, unusedExchange{})
	l.syncer.random = random
	return l
}

// Collect is the first half of an exchange at now.
func (l *Limiter) Collect(now time.Time) []Report { return l.collect(l.clock(now)) }

// Apply is the second half. Replies that are not answered were lost; no
// routers: the exchange failed.
func (l *Limiter) Apply(replies []Reply, now time.Time, routers int) {
	l.syncer.replies = append(l.syncer.replies[:0], replies...)
	l.apply(len(replies))
	if routers > 0 {
		l.connected(l.clock(now), routers)
	}
}

// Lost reports whether the limiter counts as cut off.
func (l *Limiter) Lost(now time.Time) bool { return l.lost(l.clock(now)) }

// SyncOnce is one turn of Run.
func (l *Limiter) SyncOnce(ctx context.Context) error { return l.runOnce(ctx) }

// Hand gives one router's reports to the ledger in Redis.
func Hand(ctx context.Context, client redis.UniversalClient, instance string, every time.Duration, reports []Report) ([]Reply, int, error) {
	replies := make([]reply, len(reports))
	routers, err := newRedisLedger(client, instance, timingOf(every)).Exchange(ctx, reports, replies)
	return replies, routers, err
}

// NewReport is a report with these figures.
func NewReport(key Key, rate, admitted, attempts, usedByAll, attemptsByAll float64, alone bool) Report {
	return Report{key, rate, admitted, attempts, usedByAll, attemptsByAll, alone}
}

// Standing is what a reply says.
func (r reply) Standing() (used, attempts float64) { return r.used, r.attempts }

// Routers is how many routers there are, as last known.
func (l *Limiter) Routers() int { return int(l.routers.Load()) }

// Keys is how many keys are held.
func (l *Limiter) Keys() int { _, keys := l.count(); return keys }

// Timing in seconds.
func Timing(interval time.Duration) (slack, memory float64) {
	t := timingOf(interval)
	return t.slack, t.memory
}
