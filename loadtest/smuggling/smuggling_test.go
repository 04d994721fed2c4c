//go:build smuggling

package smuggling_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	// cellProgram is the server that is the real cell.
	cellProgram = "cellprogram"
	// leastMutations and leastServed are what a run must have at each server;
	// the short form has fewer mutations.
	leastMutations, leastServed = 1500, 200
	// mostEarly bounds how many connections may end early, as a part of mutations.
	mostEarly       = 100
	shownMismatches = 25
)

// Nothing that a client sends makes the router and a server behind it disagree
// about what requests there were.
func TestEveryRequestBehindWasCountedAndNoOther(t *testing.T) {
	t.Parallel()
	short := testing.Short()
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
	stored := map[string][]string{}
	for _, s := range behind {
		if s.stored != nil {
			stored[s.name] = s.stored(t)
		}
		s.stop(t)
		j.sightings = append(j.sightings, s.behind(t)...)
	}
	for _, c := range r.counts(t) {
		j.counts = append(j.counts, &counted{count: c})
	}
	j.decide()
	j.compareMetrics(metrics)
	for name, names := range stored {
		j.compareStored(name, names)
	}
	j.report(t, mutations)
}

// newServers starts all servers.
func newServers(t *testing.T) []*server {
	t.Helper()
	return []*server{newStdlib(t), newCell(t), newNginx(t), newApache(t), newNode(t)}
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
				perServer[i] = append(perServer[i], attackOnce(addr, &mutations[n], p)...)
			}
		})
	}
	group.Wait()
	return slices.Concat(perServer...)
}

// attackOnce holds one conversation, and another one after it if any of it may
// have gone behind.
func attackOnce(addr string, m *mutation, p *place) []*conversation {
	c := say(addr, m, p)
	if len(c.readings) == 0 && !slices.ContainsFunc(c.answers, func(a answer) bool { return a.behind }) {
		return []*conversation{c}
	}
	return []*conversation{c, say(addr, &followUp, p)}
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
		t.Logf("%-12s %5d mutations, %5d requests counted, %5d forwarded and answered, %5d seen, %3d unreadable there, %d closed early, %d mismatches",
			name, n.mutations, n.requests, n.forwarded, n.seen, n.refused, n.early, n.mismatches)
		if n.early > n.mutations/mostEarly {
			t.Errorf("%s: %d connections ended in the middle of good requests", name, n.early)
		}
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
