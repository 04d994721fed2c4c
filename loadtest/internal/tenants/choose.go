package tenants

import "math/rand/v2"

// Chooser chooses tenants by rank. It is not safe for concurrent use.
type Chooser struct {
	n    int
	rng  *rand.Rand
	zipf *rand.Zipf // nil: uniform
}

// Uniform prefers nobody.
func Uniform(n int, rng *rand.Rand) *Chooser { return &Chooser{n: n, rng: rng} }

// Zipf chooses rank r in proportion to 1/(1+r)^exponent; exponent is above 1.
func Zipf(n int, exponent float64, rng *rand.Rand) *Chooser {
	return &Chooser{n: n, rng: rng, zipf: rand.NewZipf(rng, exponent, 1, uint64(n-1))}
}

// Next is a rank.
func (c *Chooser) Next() int {
	if c.zipf != nil {
		return int(c.zipf.Uint64())
	}
	return c.rng.IntN(c.n)
}

// At is the place in the file of the tenant of that rank, of n: a bijection, so
// that the tenants preferred most are spread over the file, and with it over the
// cells, and the same in every run.
func At(rank, n int) int {
	const step = 7_368_787 // a prime beyond every number of tenants, so it shares no factor with it
	return int(uint64(rank) * step % uint64(n))
}
