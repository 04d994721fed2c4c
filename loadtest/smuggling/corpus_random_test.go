//go:build smuggling

package smuggling_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// randomCount is how many random mutants there are.
const randomCount = 900

// defaultSeed makes the mutants of every ordinary run.
const defaultSeed = "20260101"

// seed makes the random mutants; SMUGGLING_SEED is another one.
func seed() uint64 {
	n, err := strconv.ParseUint(cmp.Or(os.Getenv("SMUGGLING_SEED"), defaultSeed), 10, 64)
	if err != nil {
		panic("SMUGGLING_SEED: want a number")
	}
	return n
}

// randomMutants take a request that is good, or nearly, and change it in a few
// places with what parsers stumble over.
func randomMutants() []mutation {
	all := make([]mutation, randomCount)
	for i := range all {
		all[i] = attack(fmt.Sprintf("seed %d, number %d", seed(), i), func(p *place) string {
			random := rand.New(rand.NewPCG(seed(), uint64(i)))
			text := bases[random.IntN(len(bases))](p)
			for range 1 + random.IntN(3) {
				text = changes[random.IntN(len(changes))](random, text)
			}
			return text
		})
	}
	return all
}

var bases = []func(p *place) string{
	func(p *place) string { return p.sized("POST", "X-A: b\r\n", lastChunk+p.hidden()) },
	func(p *place) string {
		return p.chunked("POST", "X-A: b\r\n", p.hidden(), "abc") + p.request("GET", "next", "", "")
	},
	func(p *place) string { return byLength(p, "", "X-A: b\r\nX-C: d\r\n") },
	func(p *place) string {
		return p.main("GET", "Accept: */*\r\n", "") + p.hidden() + p.request("GET", "next", "", "")
	},
	func(p *place) string { return p.sized("GET", "Connection: keep-alive\r\n", p.hidden()) },
	func(p *place) string { return byCoding(p, "", "X-A: chunked\r\n") },
	func(p *place) string {
		return strings.Replace(p.sized("POST", "Connection: keep-alive\r\n", p.hidden()), "HTTP/1.1", "HTTP/1.0", 1)
	},
	func(p *place) string {
		return p.chunked("POST", "Trailer: X-T\r\nExpect: 100-continue\r\n", p.hidden())
	},
}

// morsels are what is put in. None has a digit: an id must not become another's.
var morsels = []string{
	"\r", "\n", "\r\n", "\r\n\r\n", "\n\n", " ", "\t", "\v", "\f", "\x00", ":", ";", ",", "\"", "\\", "/", "?", "#", "@", "%", "_", "-", ".", "\x7f", "\x80", "\xa0", "\xff", "x", "+",
	"chunked", "identity", "Transfer-Encoding: chunked\r\n", "\r\nTransfer-Encoding: chunked", "\r\nTransfer-Encoding : chunked", "\r\n Transfer-Encoding: chunked", "Transfer_Encoding: chunked\r\n",
	"Content-Length: \r\n", "Connection: close\r\n", "\r\nConnection: Content-Length", "\r\nConnection: Transfer-Encoding", "Host: nobody.localhost\r\n", "\r\nHost: nobody.localhost",
	"Expect: x\r\n", "Upgrade: h2c\r\n", "X-Tenant-Id: x\r\n", "X_Tenant_Id: x\r\n", " HTTP/", "GET / ", "http://", "\u017f", "\u212a",
}

var changes = []func(random *rand.Rand, text string) string{
	func(random *rand.Rand, text string) string { // insert
		at := spot(random, text)
		return text[:at] + morsels[random.IntN(len(morsels))] + text[at:]
	},
	func(random *rand.Rand, text string) string { // insert between lines
		lines := strings.SplitAfter(text, "\r\n")
		at := random.IntN(len(lines))
		return strings.Join(lines[:at], "") + morsels[random.IntN(len(morsels))] + strings.Join(lines[at:], "")
	},
	func(random *rand.Rand, text string) string { // remove
		at := spot(random, text)
		return text[:at] + text[min(at+1, len(text)):]
	},
	func(random *rand.Rand, text string) string { // replace
		at := spot(random, text)
		return text[:at] + morsels[random.IntN(29)] + text[min(at+1, len(text)):]
	},
	func(random *rand.Rand, text string) string { // say a line twice
		lines := strings.SplitAfter(text, "\r\n")
		at := random.IntN(len(lines))
		return strings.Join(lines[:at+1], "") + strings.Join(lines[at:], "")
	},
	func(random *rand.Rand, text string) string { // exchange two lines
		lines := strings.SplitAfter(text, "\r\n")
		i, j := random.IntN(len(lines)), random.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
		return strings.Join(lines, "")
	},
	func(random *rand.Rand, text string) string { // spoil a line end
		lines := strings.SplitAfter(text, "\r\n")
		at := random.IntN(len(lines))
		lines[at] = strings.TrimSuffix(lines[at], "\r\n") + otherEnds[random.IntN(len(otherEnds))]
		return strings.Join(lines, "")
	},
	func(random *rand.Rand, text string) string { // end early
		return text[:len(text)-random.IntN(len(text)/4+1)]
	},
}

// spot is where to change something: in the header, mostly.
func spot(random *rand.Rand, text string) int {
	end := strings.Index(text, "\r\n\r\n") + 8
	if random.IntN(4) == 0 || end < 8 || end > len(text) {
		end = len(text)
	}
	return random.IntN(end + 1)
}
