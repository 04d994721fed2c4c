package main

import (
	"context"
	"math"
)

// promise is a figure that must not exceed a bound.
type promise struct {
	name  string
	unit  string
	bound float64
	short float64 // bound in the short form
	what  string  // for people
}

// quietOnly is for what says nothing on a machine that others use, too: the short
// form prints it and does not judge it.
var quietOnly = math.NaN()

// measurement takes the figures of some promises together.
type measurement struct {
	promises []promise
	take     func(context.Context) error
}

// measurements lists everything that is promised, in the order in which it is
// measured. What the short form holds ratios of CPU to is wider, since neighbours
// in the processors' caches cost one program more than the other; of memory it is
// what a tenth of the tenants take, and buffers that wait longer for their turn.
func (b *bench) measurements() []measurement {
	return []measurement{
		{[]promise{
			{"cpu_plain_vs_haproxy", "x", 1.2, 1.5, "CPU per request: look-up among all tenants and forwarding, one thread each"},
			{"cpu_plain_vs_nginx", "x", 1.2, 1.5, "the same"},
		}, b.cpuPlain},
		{[]promise{
			{"cpu_full_vs_haproxy", "x", 0.6, 0.6, "CPU per request: RS256 tokens in turn, limit, headers and signature, metrics"},
		}, b.cpuFull},
		{[]promise{
			{"p99_added_latency_vs_haproxy", "x", 1.2, quietOnly, "p99 less the back end's own, at 60 % of the router's capacity"},
		}, b.addedLatency},
		{[]promise{
			{"noisy_neighbour_p99", "x", 1.1, quietOnly, "p99 of quiet tenants beside one that sends twice of what their cell can bear, to the same without it"},
		}, b.noisyNeighbour},
		{[]promise{
			{"memory_all_tenants_resident", "MB", 250, 100, "resident set with every tenant known and asked for once"},
		}, b.memory},
		{[]promise{
			{"start_to_first_answer", "s", 3, quietOnly, "from execution to the first right answer, with a snapshot of all tenants"},
		}, b.coldStart},
		{[]promise{
			{"memory_per_idle_connection", "KB", 5, 6, "growth of the resident set for each connection held while others are served"},
			{"idle_connections_errors", "requests", 0, 0, "of one request on each of them before, and one after"},
		}, b.idleConnections},
		{[]promise{
			{"many_connections_errors", "requests", 0, 0, "of two on each connection; six routers, one tenant a connection"},
		}, b.manyConnections},
		{[]promise{
			{"stale_entries_wrong_answers", "answers", 0, 0, "control plane and NATS silent, old entries, tenants moving all the time"},
		}, b.staleEntries},
	}
}
