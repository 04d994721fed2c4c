//go:build smuggling

package smuggling_test

import (
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
)

// mutation is one connection's worth of octets.
type mutation struct {
	family, name string
	write        func(p *place) []string // what is written, a segment at a time
	served       bool                    // nothing is wrong with it: every request must be answered from behind
	abrupt       bool                    // the client resets the connection instead of reading its answers
}

// attack is a mutation that may be refused, and may be served if it is served as
// what it means.
func attack(name string, write func(p *place) string) mutation {
	return mutation{name: name, write: whole(write)}
}

// served is a mutation that the router must not refuse.
func served(name string, write func(p *place) string) mutation {
	return mutation{name: name, write: whole(write), served: true}
}

func whole(write func(p *place) string) func(p *place) []string {
	return func(p *place) []string { return []string{write(p)} }
}

// family is a set of mutations of one idea.
type family struct {
	name string
	make func() []mutation
	all  bool // the short form has all of it
}

// families is the corpus. Mutations are numbered in this order.
var families = []family{
	{"served: methods", servedMethods, true},
	{"served: bodies", servedBodies, true},
	{"served: headers", servedHeaders, true},
	{"served: targets", servedTargets, true},
	{"served: pipelines", servedPipelines, true},
	{"served: cut in two", servedCuts, false},
	{"coding's name", codingNames, false},
	{"coding's value", codingValues, false},
	{"coding's spelling", codingSpellings, false},
	{"length and coding", lengthAndCoding, false},
	{"length", lengths, false},
	{"length's octets", lengthOctets, false},
	{"line ends", lineEnds, false},
	{"folded lines", foldedLines, false},
	{"control octets", controlOctets, false},
	{"chunks", chunks, false},
	{"chunks' octets", chunkOctets, false},
	{"trailers", trailers, false},
	{"versions", versions, false},
	{"hosts", hosts, false},
	{"targets", targets, false},
	{"expectations", expectations, false},
	{"methods", methods, false},
	{"upgrades", upgrades, false},
	{"connection options", connectionOptions, false},
	{"trusted headers", trustedHeaders, false},
	{"long lines", longLines, false},
	{"pipelines", pipelines, false},
	{"cut off", cutOff, false},
	{"reset", resets, true},
	{"random", randomMutants, false},
}

// shortPart is how many mutations there are to each one in the short form.
const shortPart = 6

// corpus lists all mutations, or those of the short form: the same ones in
// every run.
func corpus(short bool) []mutation {
	var all []mutation
	pick := rand.New(rand.NewPCG(1, shortPart))
	for _, f := range families {
		for _, m := range f.make() {
			if short && !f.all && pick.IntN(shortPart) != 0 {
				continue
			}
			m.family = f.name
			all = append(all, m)
		}
	}
	return all
}

// inOrder goes over a map by name, so that numbers are the same in every run.
func inOrder[T any](m map[string]T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}
