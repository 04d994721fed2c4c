package limiter_test

import (
	"math"
	"time"

	"github.com/coditect/platform/router/internal/limiter"
)

// ledger is ledger.lua, in Go.
type ledger struct {
	slack, memory float64
	keys          map[limiter.Key]*standing
}

type standing struct {
	used, attempts float64
	at             time.Duration
}

func newLedger(interval time.Duration) *ledger {
	l := &ledger{keys: map[limiter.Key]*standing{}}
	l.slack, l.memory = limiter.Timing(interval)
	return l
}

func (l *ledger) take(r limiter.Report, now time.Duration) limiter.Reply {
	key, rate, admitted, attempts, usedByAll, attemptsByAll, alone := r.Figures()
	s := l.keys[key]
	if s == nil {
		s = &standing{used: usedByAll, attempts: attemptsByAll}
		l.keys[key] = s
	} else {
		age := max(0, now-s.at).Seconds()
		s.used = max(s.used-rate*age, -rate*l.slack) + admitted
		s.attempts = s.attempts*math.Exp(-age/l.memory) + attempts
		if alone {
			s.used, s.attempts = max(s.used, usedByAll), max(s.attempts, attemptsByAll)
		}
	}
	s.at = now
	return limiter.NewReply(math.Floor(s.used*1000)/1000, math.Floor(s.attempts*1000)/1000)
}
