//go:build smuggling

package smuggling_test

import (
	"iter"
	"maps"
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
	all  bool // the short form has all of it, too
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
	{"coding's spelling", codingSpellings, true},
	{"length and coding", lengthAndCoding, true},
	{"length", lengths, true},
	{"length's octets", lengthOctets, false},
	{"line ends", lineEnds, true},
	{"folded lines", foldedLines, true},
	{"control octets", controlOctets, false},
	{"chunks", chunks, true},
	{"chunks' octets", chunkOctets, false},
	{"trailers", trailers, true},
	{"versions", versions, true},
	{"hosts", hosts, true},
	{"targets", targets, true},
	{"expectations", expectations, true},
	{"methods", methods, true},
	{"upgrades", upgrades, true},
	{"connection options", connectionOptions, true},
	{"trusted headers", trustedHeaders, true},
	{"long lines", longLines, true},
	{"pipelines", pipelines, true},
	{"cut off", cutOff, false},
	{"reset", resets, true},
	{"random", randomMutants, false},
}

// shortEvery is how many mutations of a family the short form steps over.
const shortEvery = 4

// corpus lists all mutations, or those of the short form.
func corpus(short bool) []mutation {
	var all []mutation
	for _, f := range families {
		for i, m := range f.make() {
			if short && !f.all && i%shortEvery != 0 {
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
