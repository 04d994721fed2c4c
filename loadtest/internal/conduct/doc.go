// Package conduct is one run from beginning to end: it refuses what must not be
// started, starts the generators, shows what they bring, moves tenants between cells
// when a phase says so, and gathers everything for the report.
//
// One process generates by itself. With several, each is this program again, told
// its share on standard input; it brings what it has every half second and
// everything at the end as JSON lines on standard output. All begin at one time, so
// that their shares interleave as planned. The end of its standard input ends a
// process: nobody generates load for a parent that died.
package conduct
