//go:build smuggling

package smuggling_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	// everything is the environment variable that asks for the whole test: every
	// mutation, and no server missing.
	everything = "SMUGGLING"
	// cellProgram is the server that is the real cell.
	cellProgram = "cellprogram"
	// leastMutations and leastServed are what a run must have at each server;
	// the short form has fewer mutations.
	leastMutations, leastServed = 1500, 200
	shownMismatches             = 25000
)

// Nothing that a client sends makes the router and a server behind it disagree
// about what requests there were.
func TestEveryRequestBehindWasCountedAndNoOther(t *testing.T) {
	t.Parallel()
	short := testing.Short() || os.Getenv(everything) == ""
	behind := newServers(t)
	r := newRouter(t, behind)
	mutations := corpus(short)
	if least := leastMutations; len(mutations) < least && !short {
		t.Fatalf("%d mutations; want %d", len(mutations), least)
	}
	t.Logf("%d mutations (%d in all) at each of %d servers, random ones of seed %d", len(mutations), len(corpus(false)), len(behind), seed())

	j := &judge{conversations: attackAll(r.addr, behind, mutations)}
	metrics := r.metrics(t)
	r.stop(t)
	for _, s := range behind {
		s.stop(t)
		j.sightings = append(j.sightings, s.behind(t)...)
	}
	for _, c := range r.counts(t) {
		j.counts = append(j.counts, &counted{count: c})
	}
	j.decide()
	j.compareMetrics(metrics)
	j.report(t, mutations)
}

// newServers starts the servers that are installed, or all of them.
func newServers(t *testing.T) []*server {
	t.Helper()
	all := []*server{newStdlib(t), newCell(t)}
	for _, s := range []struct {
		program string
		start   func(*testing.T) *server
	}{{nginxProgram, newNginx}, {apacheProgram, newApache}, {nodeProgram, newNode}} {
		if _, err := os.Stat(s.program); err != nil && os.Getenv(everything) == "" {
			t.Logf("without a server that make smuggling would install: %v", err)
			continue
		}
		all = append(all, s.start(t))
	}
	return all
}

// The servers' programs, where Debian's packages put them.
const (
	nginxProgram  = "/usr/sbin/nginx"
	apacheProgram = "/usr/sbin/apache2"
	nodeProgram   = "/usr/bin/node"
)

// attackAll holds one conversation after the other with each server, all servers
// at the same time. One at a time means that the next request takes the
// connection behind on which the last one went.
func attackAll(addr string, behind []*server, mutations []mutation) []*conversation {
	perServer := make([][]*conversation, len(behind))
	var group sync.WaitGroup
	for i, s := range behind {
		other := behind[(i+1)%len(behind)].host
		group.Go(func() {
			for n := range mutations {
				p := &place{tenant: s.tenant, other: other, n: n}
				perServer[i] = append(perServer[i], say(addr, &mutations[n], p), say(addr, &followUp, p))
			}
		})
	}
	group.Wait()
	return slices.Concat(perServer...)
}

// followUp is another client's request after each mutation: it must get its own
// answer.
var followUp = served("the request after", func(p *place) string { return p.request("GET", "after", "Connection: close\r\n", "") })

// compareMetrics checks that the router's metrics say what its log says.
func (j *judge) compareMetrics(metrics map[string]int) {
	logged := map[string]int{}
	for _, n := range j.counts {
		logged[n.Cell]++
	}
	if !maps.Equal(logged, metrics) {
		j.wrong("router", "its log has %v requests of each cell, its metrics %v", logged, metrics)
	}
}

// report prints a line for each server and fails what failed.
func (j *judge) report(t *testing.T, mutations []mutation) {
	t.Helper()
	var abrupt int
	for _, c := range j.conversations {
		if c.abrupt || c.cut {
			abrupt++
		}
	}
	if j.unclear > abrupt {
		j.wrong("router", "it counted %d bad requests of clients that did not wait for an answer; there were %d such clients", j.unclear, abrupt)
	}
	for _, name := range slices.Sorted(maps.Keys(j.tally)) {
		n := j.tally[name]
		t.Logf("%-12s %5d mutations, %5d requests counted, %5d forwarded and answered, %5d seen, %3d unreadable there, %d mismatches",
			name, n.mutations, n.requests, n.forwarded, n.seen, n.refused, n.mismatches)
		if name != "router" && (n.forwarded < leastServed || n.mutations != len(mutations)) {
			t.Errorf("%s: a router that refuses what it should serve proves nothing", name)
		}
	}
	for i, m := range j.mismatches {
		if i == shownMismatches {
			t.Errorf("and %d more", len(j.mismatches)-i)
			break
		}
		t.Error(strings.TrimSpace(fmt.Sprint(m)))
	}
}
