package limiter

// While a router is cut off, an account is a bucket of its own: the router's
// share of the limit's rate and burst, started with the router's share of what
// was used, so that all routers together go on as they did.

// detach makes an account count alone, as one of so many routers since the last
// exchange. The share is the one that was known then, and at least an equal
// part: where nothing was known, everybody has an equal part.
func (a *account) detach(now, last int64, routers int, t *timing) {
	share := 0.0
	if a.seen != 0 && seconds(a.seen, last) <= sweepTime.Seconds()+t.viewAge {
		share = a.usual
	}
	share = max(share, 1/float64(max(1, routers)))
	a.used = share * a.usedByAll(now, t)
	a.seen, a.share, a.alone = now, share, true
}

func (a *account) roomAlone() float64 { return max(1, a.share*a.burst) - a.used }
