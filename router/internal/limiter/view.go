package limiter

import "math"

// view is what an account knows of all routers together: the ledger's figures
// of the last exchange, and what this router did since.
type view struct {
	seen   int64   // when the figures were true; 0: never asked
	used   float64 // used by all routers at seen; alone: used of this router's share
	others float64 // demand elsewhere, requests a second
	share  float64 // this router's part of all demand, 0 to 1
	usual  float64 // share, smoothed
	dither float64 // 0 to 1, new with every exchange: see roomShared
	ample  bool    // at seen there was enough for everybody until the next exchange
	alone  bool    // cut off from the ledger: this router's share is all it has

	since    int64   // when the attempts below began
	reported int64   // time of the last report
	gap      float64 // seconds between the last two reports, within reason
	demand   float64 // this router's part of the ledger's demand, as of reported
	fresh    float64 // admitted and not reported
	inAir    float64 // admitted and reported, but no answer since
	attempts float64 // demanded and not reported
}

// roomShared is the room in the common bucket.
//
// While there is ample, a router may take everything but what the others are
// expected to take. In scarcity it takes its part of what there is, debts
// included, so that all routers together take exactly that. Parts smaller than
// one request are rounded at random (dither), or a small limit's last tokens
// would belong to nobody.
func (a *account) roomShared(now int64, t *timing) float64 {
	age := seconds(a.seen, now)
	free := a.burst - a.used + a.rate*age
	room := min(free, a.share*free+a.dither)
	if a.ample || age > t.viewAge {
		room = max(room, free-a.others*min(age, t.viewAge))
	}
	return room - a.fresh - a.inAir
}

// portion is how much of the limit's rate refills the room that refused.
func (a *account) portion() float64 {
	if a.seen == 0 || a.ample && !a.alone || a.own+1 > a.burst {
		return 1
	}
	return max(a.share, 0.01)
}

// noteAttempt and noteAdmitted keep what the next report says.
func (a *account) noteAttempt(now int64, t *timing) {
	if a.attempts == 0 {
		// A stream of attempts began one gap before its first; after a silence,
		// at most one interval before.
		a.since = max(a.reported, now-int64(t.horizon/2*1e9))
	}
	a.attempts++
}

func (a *account) noteAdmitted() {
	a.fresh++
	if a.alone {
		a.used++
	}
}

// urgent reports whether the others should hear of this key at the next
// exchange: it is short, or would be if each router hid as much as this one.
func (a *account) urgent(now int64, t *timing) bool {
	const hidden = 8
	return a.alone || a.fresh*hidden >= a.room(now, t)
}

// usedByAll estimates the common meter now, for a ledger that forgot it.
func (a *account) usedByAll(now int64, t *timing) float64 {
	switch {
	case a.alone:
		// One request in a small share would look like many: count it out.
		return min(a.burst, max(0, a.used-1)/a.share)
	case a.seen == 0:
		return a.own
	}
	age := seconds(a.seen, now)
	free := a.burst - a.used + a.rate*age
	theirs := max(0, min(a.others*min(age, t.viewAge), free*(1-a.share)))
	return max(0, a.burst-free+theirs) + a.fresh + a.inAir
}

// learn takes the ledger's answer to a report of then. A report without an
// answer is not sent again, since nobody knows whether it was counted, and a
// ledger that is only slow would count it every time; the router counts it as
// its own until it learns more.
func (a *account) learn(r reply, then int64, t *timing, dither float64) {
	// What the others reported has faded since. They are taken to report as
	// often as this router does.
	a.others = max(0, r.attempts-a.demand) / (t.memory * spread(a.gap, t))
	mine := a.demand / t.memory
	a.share, a.dither = 1, dither
	if all := mine + a.others; all > 0 {
		a.share = mine / all
	}
	a.settle(seconds(a.seen, then))
	a.seen, a.used, a.inAir, a.alone = then, r.used, 0, false
	a.ample = a.burst-a.used+a.rate*t.horizon >= (mine+a.others)*t.horizon
}

// settle smooths the share for the time when no more is heard: single figures
// are off by what happened to be reported last. A jump is no noise.
func (a *account) settle(sinceLast float64) {
	const smooth, jump = 1, 1.5
	if a.share > a.usual*jump || a.usual > a.share*jump {
		a.usual = a.share
		return
	}
	a.usual += (a.share - a.usual) * (1 - math.Exp(-sinceLast/smooth))
}

// fade is what an impulse of demand is still worth after age seconds.
func fade(age float64, t *timing) float64 { return math.Exp(-age / t.memory) }
