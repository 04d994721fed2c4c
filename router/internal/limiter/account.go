package limiter

// tolerance keeps rounding from refusing the request that comes exactly when
// its token does.
const tolerance = 1e-6

// account is what one router knows of one key's rate. Everything is counted as
// "used": a meter that each request raises by one and that leaks at the
// limit's rate, so that a limit may change without touching what was used.
//
// It has two meters. own counts this router's requests, exactly; it alone
// decides without Redis. view estimates what all routers together used.
type account struct {
	bounds
	own   float64 // as of ownAt
	ownAt int64
	view
}

// take counts one request. The account's bounds are limited.
func (a *account) take(now int64, t *timing) bool {
	a.leak(now)
	a.noteAttempt(now, t)
	if a.room(now, t) < 1-tolerance {
		return false
	}
	a.own++
	a.noteAdmitted()
	return true
}

// room is how many requests more the account takes; negative: it is in debt.
func (a *account) room(now int64, t *timing) float64 {
	room := a.burst - a.own
	switch {
	case a.alone:
		return min(room, a.roomAlone())
	case a.seen != 0:
		return min(room, a.roomShared(now, t))
	}
	return room
}

// setBounds makes a changed limit count from now on.
func (a *account) setBounds(b bounds, now int64) {
	if a.bounds != b {
		a.leak(now) // what time has given so far, it gave at the old rate
		a.bounds = b
	}
}

// leak brings the account's meters to now.
func (a *account) leak(now int64) {
	a.own = max(0, a.own-a.rate*seconds(a.ownAt, now))
	a.ownAt = max(a.ownAt, now)
	if a.alone {
		a.used = max(0, a.used-a.rate*a.share*seconds(a.seen, now))
		a.seen = max(a.seen, now)
	}
}
