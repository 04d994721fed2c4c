package limiter_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

const interval = 100 * time.Millisecond

// fleet is a number of routers and their ledger in simulated time, in steps of
// a millisecond. Tests with it are not parallel: they are busy throughout, and
// tests in real time, which are, would suffer. Every router has its own clock, and exchanges at its own phase.
type fleet struct {
	routers []*router
	ledger  *ledger
	down    bool // Redis is unreachable
	key     limiter.Key
	limit   directory.Limit
	rng     *rand.Rand
	latency time.Duration
	now     time.Duration
	ideal   bucket
	meter   float64 // exact: raised by every admitted request, leaking at the limit's rate
	metered time.Duration
	peak    float64 // of meter
}

// bucket is one exact token bucket for everybody.
type bucket struct {
	tokens            float64
	at                time.Duration
	admitted, refused int
}

func (b *bucket) take(limit directory.Limit, now time.Duration) bool {
	burst := max(1, float64(limit.Burst))
	if limit.Burst == 0 {
		burst = math.Max(1, math.Floor(limit.PerSecond))
	}
	if b.at == 0 {
		b.tokens = burst
	}
	b.tokens = min(burst, b.tokens+limit.PerSecond*(now-b.at).Seconds())
	b.at = now
	if b.tokens < 1-1e-6 {
		b.refused++
		return false
	}
	b.tokens--
	b.admitted++
	return true
}

type router struct {
	*limiter.Limiter
	clock    time.Time // what this router's clock shows at the simulation's 0
	next     time.Duration
	cut      bool // this router does not reach Redis
	flight   *flight
	owed     float64 // demand not yet turned into a request
	demanded int
	admitted int
}

// flight is an exchange on its way.
type flight struct {
	reports []limiter.Report
	replies []limiter.Reply
	arrives time.Duration // at the ledger
	returns time.Duration
	lost    bool
}

func newFleet(n int, limit directory.Limit, seed uint64) *fleet {
	f := &fleet{
		ledger: newLedger(interval), key: limiter.Key{Tenant: tenancy.ID{1}}, limit: limit,
		rng: rand.New(rand.NewPCG(seed, 0)), latency: 2 * time.Millisecond,
	}
	for range n {
		clock := time.Unix(f.rng.Int64N(1e9), 0)
		f.routers = append(f.routers, &router{
			Limiter: limiter.NewSimulated(limiter.Options{SyncInterval: interval, MaxKeys: 1024, Now: func() time.Time { return clock }}, f.rng.Float64),
			clock:   clock, next: time.Duration(f.rng.Int64N(int64(interval))), owed: f.rng.Float64(),
		})
	}
	return f
}

// demand is how many requests a second each router gets at a time.
type demand func(now time.Duration) []float64

// run goes on for so long. Poisson arrivals come at random, others evenly.
func (f *fleet) run(d time.Duration, want demand, poisson bool) {
	const step = time.Millisecond
	for end := f.now + d; f.now < end; f.now += step {
		rates := want(f.now)
		for _, i := range f.rng.Perm(len(f.routers)) {
			r := f.routers[i]
			f.exchange(r)
			mean := rates[i] * step.Seconds()
			if poisson {
				r.owed += float64(f.poisson(mean))
			} else {
				r.owed += mean
			}
			for ; r.owed >= 1; r.owed-- {
				f.request(r)
			}
		}
	}
}

func (f *fleet) request(r *router) {
	v, ticket := r.Take(f.key, &f.limit, r.clock.Add(f.now))
	f.ideal.take(f.limit, f.now)
	r.demanded++
	f.meter = max(0, f.meter-f.limit.PerSecond*(f.now-f.metered).Seconds())
	f.metered = f.now
	if v.OK {
		r.admitted++
		f.meter++
		f.peak = max(f.peak, f.meter)
	}
	ticket.Done()
}

// exchange does what a router's Run does at this time.
func (f *fleet) exchange(r *router) {
	now := r.clock.Add(f.now)
	if r.flight == nil && f.now >= r.next {
		r.next = f.now + interval + time.Duration((f.rng.Float64()-0.5)*0.2*float64(interval))
		if r.Lost(now) {
			if f.down || r.cut {
				return
			}
			r.Apply(nil, now, len(f.routers))
		}
		reports := append([]limiter.Report(nil), r.Collect(now)...)
		r.flight = &flight{reports: reports, arrives: f.now + f.latency/2, returns: f.now + f.latency, lost: f.down || r.cut}
	}
	fl := r.flight
	if fl != nil && fl.replies == nil && f.now >= fl.arrives {
		fl.replies = make([]limiter.Reply, len(fl.reports))
		for i, report := range fl.reports {
			if !fl.lost {
				fl.replies[i] = f.ledger.take(report, f.now)
			}
		}
	}
	if fl != nil && f.now >= fl.returns {
		alive := len(f.routers)
		if fl.lost {
			alive = 0
		}
		r.Apply(fl.replies, now, alive)
		r.flight = nil
	}
}

func (f *fleet) poisson(mean float64) int {
	n, p, limit := 0, f.rng.Float64(), math.Exp(-mean)
	for p > limit {
		n++
		p *= f.rng.Float64()
	}
	return n
}

// totals are admitted and refused requests of all routers so far.
func (f *fleet) totals() (admitted, refused int) {
	for _, r := range f.routers {
		admitted += r.admitted
		refused += r.demanded - r.admitted
	}
	return admitted, refused
}
