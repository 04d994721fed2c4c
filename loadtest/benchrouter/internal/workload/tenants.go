package workload

import (
	"encoding/binary"
	"strconv"

	"github.com/coditect/platform/shared/tenancy"
)

// What all contenders know.
const (
	Domain = "bench.example" // tenants answer at {slug}.Domain
	Region = "local"
	Plan   = "business" // of every tenant
	Cells  = 8

	// PerSecond is what Plan allows a tenant by the router's default policy.
	// No run asks for as much of one tenant.
	PerSecond = 2000
)

// Slug is the label of the n-th tenant.
func Slug(n int) tenancy.Slug { return tenancy.Slug(appendSlug(nil, n)) }

// Host is where the n-th tenant answers.
func Host(n int) string { return string(AppendHost(nil, n)) }

// AppendHost appends [Host].
func AppendHost(b []byte, n int) []byte { return append(appendSlug(b, n), "."+Domain...) }

func appendSlug(b []byte, n int) []byte {
	b = append(b, "org-0000000"...)
	for at := len(b) - 1; n > 0; at, n = at-1, n/10 {
		b[at] = '0' + byte(n%10)
	}
	return b
}

// ID is the id of the n-th tenant: a UUIDv7 whose random part is a bijection
// of n, so that ids are spread as real ones are.
func ID(n int) tenancy.ID {
	var id tenancy.ID
	binary.BigEndian.PutUint64(id[:8], (1_750_000_000_000+uint64(n))<<16)
	binary.BigEndian.PutUint64(id[8:], mix(uint64(n)))
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// CellOf is the number of the cell where the n-th tenant lives.
func CellOf(n int) int { return int(mix(uint64(n)) % Cells) }

// CellName is the id of a cell.
func CellName(cell int) string { return "cell-" + strconv.Itoa(cell) }

// mix is a bijection of 64-bit numbers that leaves no pattern (the finalizer of
// splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Shuffled visits 0…n-1 in an order without locality: the i-th step, and from n
// on again from the beginning.
func Shuffled(i, n int) int {
	const step = 7_368_787 // a prime beyond every number of tenants, so it shares no factor with it
	return int(uint64(i) % uint64(n) * step % uint64(n))
}
