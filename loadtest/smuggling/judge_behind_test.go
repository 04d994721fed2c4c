//go:build smuggling

package smuggling_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// see gives each count that was forwarded its sighting.
func (j *judge) see() {
	seen, refused := map[string][]*sighting{}, map[string][]string{}
	for i := range j.sightings {
		if s := &j.sightings[i]; s.refused && s.id == "" {
			refused[s.server] = append(refused[s.server], s.line)
		} else {
			seen[s.id] = append(seen[s.id], s)
		}
	}
	for _, n := range j.counts {
		if n.Cell == "" {
			continue
		}
		heard := n.answer != nil && n.answer.behind
		if heard {
			j.of(n.Cell).forwarded++
		}
		queue := seen[n.ID]
		if len(queue) == 0 {
			if heard {
				j.unseen(n, refused)
			}
			continue
		}
		seen[n.ID] = queue[1:]
		j.of(n.Cell).seen++
		if problem := n.compare(queue[0], heard); problem != "" {
			j.wrong(n.Cell, "%s: %s: %s", n.conversation, problem, queue[0])
		}
	}
	for _, rest := range seen {
		for _, s := range rest {
			j.wrong(s.server, "SMUGGLED: %s, and the router counted no such request", s)
		}
	}
	for name, lines := range refused {
		if len(lines) > 0 {
			j.wrong(name, "it could not read %d requests that the router did not forward: %q", len(lines), lines)
		}
	}
}

// compareStored checks that a server has stored what it was sent, and nothing
// beside.
func (j *judge) compareStored(name string, got []string) {
	var want []string
	for _, n := range j.counts {
		if n.Cell != name || n.Status != http.StatusCreated || n.reading == nil {
			continue
		}
		text, _ := nameIn(n.reading.body)
		want = append(want, text)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(want) == 0 {
		j.wrong(name, "it has stored %d names, and was sent %d; or they are others", len(got), len(want))
	}
}

// unseen is for a request that was answered from behind, and that no handler
// there saw: the server must have found it unreadable.
func (j *judge) unseen(n *counted, refused map[string][]string) {
	if n.answer.status < 400 || n.answer.echo != "" {
		j.wrong(n.Cell, "%s: it answered %s with %d and never saw it", n.conversation, n.ID, n.answer.status)
		return
	}
	j.of(n.Cell).refused++
	if n.Cell == cellProgram {
		if !strings.HasPrefix(n.answer.body, "4") { // net/http's own answers begin with their status
			j.wrong(n.Cell, "%s: it answered %s with %d %q and has no line of it", n.conversation, n.ID, n.answer.status, n.answer.body)
		}
		return
	}
	lines := refused[n.Cell]
	if len(lines) == 0 {
		j.wrong(n.Cell, "%s: it answered %s with %d, and has no line of it", n.conversation, n.ID, n.answer.status)
		return
	}
	refused[n.Cell] = lines[1:]
}

// compare says what is different about a request as it was seen behind.
func (n *counted) compare(s *sighting, heard bool) string {
	r := n.reading
	switch {
	case r == nil:
		return "nobody knows what it was read from"
	case s.server != n.Cell:
		return "the router forwarded it to " + n.Cell
	case s.method != r.method || !sameTarget(s, r) || s.host != r.host && !s.unseen.host:
		return fmt.Sprintf("it was %s %q %q", r.method, r.host, r.target)
	case s.wrong != "":
		return s.wrong
	case s.unseen.body:
		return ""
	case s.whole && !r.whole:
		return "its body had not ended"
	case s.whole && s.body != digestOf(r.body):
		return "its body was " + digestOf(r.body).String()
	case !s.whole && heard:
		return "it was answered, but its body never ended"
	}
	return ""
}

func sameTarget(s *sighting, r *reading) bool {
	if !s.unseen.query {
		return s.target == r.target
	}
	u, err := url.ParseRequestURI(r.target)
	return err == nil && u.Path == s.target
}
