package limiter

// report takes what the account has not reported, and says it.
func (a *account) report(key Key, now int64, t *timing) report {
	a.leak(now)
	r := report{key: key, rate: a.rate, admitted: a.fresh, alone: a.alone, usedByAll: a.usedByAll(now, t)}
	sinceLast := seconds(a.reported, now)
	a.gap = max(t.interval, min(sinceLast, t.memory))
	a.demand *= fade(sinceLast, t)
	if a.attempts > 0 {
		r.attempts = a.attempts * spread(seconds(a.since, now), t)
	}
	a.demand += r.attempts
	if a.alone {
		// What was admitted alone came out of this router's share: it is in the
		// estimate, and adding it up would count it twice.
		r.admitted, r.attemptsByAll = 0, a.demand/a.share
	} else {
		r.attemptsByAll = a.demand + a.others*t.memory
		a.inAir += a.fresh
	}
	a.fresh, a.attempts, a.reported = 0, 0, now
	return r
}

// forget drops what is too little to report.
func (a *account) forget(now int64, t *timing) {
	a.demand *= fade(seconds(a.reported, now), t)
	a.fresh, a.attempts, a.reported = 0, 0, now
}

// negligible reports whether what an account did since its last report is so
// little of its limit that the others need not hear it, even if each of them
// kept as much to itself.
func (a *account) negligible(now int64, routers int) bool {
	const part = 0.02
	return !a.alone && a.fresh*float64(routers-1) <= part*a.rate*seconds(a.reported, now)
}

// spread is what one attempt, somewhere within the last age seconds, is worth
// on average now.
func spread(age float64, t *timing) float64 {
	if age < t.memory/1000 {
		return 1
	}
	return t.memory / age * (1 - fade(age, t))
}
