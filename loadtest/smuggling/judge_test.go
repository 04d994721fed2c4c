//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strconv"
	"strings"
)

// judge holds conversations, counts and sightings against each other.
type judge struct {
	counts        []*counted
	conversations []*conversation
	sightings     []sighting
	tally         map[string]*tally
	mismatches    []string
	byID          map[string][]*counted // not yet claimed by an answer
	unclear       int                   // counts that may be those of clients that went away
}

// counted is a count with what it belongs to.
type counted struct {
	*count
	conversation *conversation // nil: a client's that went away before its id was known
	reading      *reading      // nil: the router did not take it for a request
	answer       *answer       // nil: the client read none
}

// tally is what is printed for each server.
type tally struct {
	mutations, requests, forwarded, seen, refused int
	early                                         int // connections that the router ended in the middle of good requests
	mismatches                                    int
}

func (j *judge) wrong(name, format string, args ...any) {
	j.of(name).mismatches++
	j.mismatches = append(j.mismatches, name+": "+fmt.Sprintf(format, args...))
}

func (j *judge) of(name string) *tally {
	if j.tally == nil {
		j.tally = map[string]*tally{}
	}
	if j.tally[name] == nil {
		j.tally[name] = &tally{}
	}
	return j.tally[name]
}

// decide compares everything with everything.
func (j *judge) decide() {
	j.byID = map[string][]*counted{}
	for _, c := range j.counts {
		j.byID[c.ID] = append(j.byID[c.ID], c)
	}
	for _, c := range j.conversations {
		j.hear(c)
	}
	for _, left := range j.counts {
		if left.answer == nil {
			j.unheard(left)
		}
	}
	j.see()
}

// hear gives each answer of a conversation its count, and each count its
// reading.
func (j *judge) hear(c *conversation) {
	j.of(c.name()).mutations += c.weight()
	if c.wrong != "" {
		j.wrong(c.name(), "%s: %s", c, c.wrong)
	}
	for i := range c.answers {
		a := &c.answers[i]
		queue := j.byID[a.id]
		if len(queue) == 0 {
			j.wrong(c.name(), "%s: answer %d (%d, id %q) was not counted", c, i, a.status, a.id)
			continue
		}
		n := queue[0]
		j.byID[a.id] = queue[1:]
		n.conversation, n.answer = c, a
		j.of(c.name()).requests++
		if problem := n.attribute(c, i); problem != "" && !c.failed {
			c.failed = true // what follows, follows from it
			j.wrong(c.name(), "%s: answer %d (%d %q): %s", c, i, a.status, a.id, problem)
		}
	}
	j.complete(c)
}

// complete checks that every request was answered, if nothing is wrong with them.
// A router may end a connection for reasons of its own, if it says so; what was
// sent behind that is not lost, because it was not begun.
func (j *judge) complete(c *conversation) {
	n := len(c.answers)
	switch {
	case !c.served || n == len(c.readings) && n > 0:
	case n > 0 && c.answers[n-1].closes:
		j.of(c.name()).early++
	default:
		j.wrong(c.name(), "%s: %d of %d requests were answered", c, n, len(c.readings))
	}
}

// attribute finds the reading of a count that was answered, and says what is
// wrong with it or with the answer.
func (n *counted) attribute(c *conversation, i int) string {
	a := n.answer
	if a.status != n.Status {
		return fmt.Sprintf("the router counted %d", n.Status)
	}
	if n.Method == "" { // it was refused by its header
		if a.behind || i != len(c.answers)-1 || !a.closes || a.status < 400 || n.Cell != "" {
			return "what is no request was not refused for good"
		}
		if c.served {
			return "refused: " + a.body
		}
		return ""
	}
	if i >= len(c.readings) {
		return fmt.Sprintf("counted %s %s %s, which is none", n.Method, n.Host, n.Path)
	}
	n.reading = &c.readings[i]
	if !n.means(n.reading) {
		return fmt.Sprintf("counted %s %q %q instead of %s %q %q", n.Method, n.Host, n.Path, n.reading.method, n.reading.host, n.reading.target)
	}
	if c.served && (!a.behind || a.status/100 != 2 && n.Cell != cellProgram) {
		return "not served: " + a.body
	}
	if a.behind {
		return n.answersRight()
	}
	return ""
}

// means reports whether the router read what the octets mean, as far as its log
// goes: it has no query and no octet that is not ASCII.
func (n *counted) means(r *reading) bool {
	path, _, _ := strings.Cut(r.target, "?")
	return n.Method == r.method && ascii(n.Host) == ascii(r.host) && n.Path == path
}

func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, s)
}

// answersRight checks that an answer from behind is the answer to this request,
// by the server of the tenant that the host names.
func (n *counted) answersRight() string {
	a := n.answer
	owner := strings.TrimSuffix(strings.ToLower(strings.TrimSuffix(strings.Split(n.Host, ":")[0], ".")), ".localhost")
	switch {
	case n.Cell != owner:
		return fmt.Sprintf("it is the answer of cell %q", n.Cell)
	case a.echo != "" && a.echo != a.id:
		return "it is the answer to " + a.echo
	case a.echo == "" && a.status == 200 && n.Cell != cellProgram:
		return "nobody behind says that it is an answer to this"
	case n.Cell == cellProgram && strings.Contains(a.body, `"request_id"`) && !strings.Contains(a.body, `"request_id":`+strconv.Quote(a.id)):
		return "it is the answer to another request: " + a.body
	case n.Cell == cellProgram && a.status == 201 && !storedName(n.reading, a):
		return "the cell stored something else: " + a.body
	}
	return ""
}

func storedName(r *reading, a *answer) bool {
	sent, ok := nameIn(r.body)
	got, _ := nameIn(a.body)
	return ok && sent == got
}

// unheard is for counts without an answer: of clients that did not wait for it.
func (j *judge) unheard(n *counted) {
	for _, c := range j.conversations {
		if !c.abrupt && !c.cut || !strings.HasPrefix(n.ID, c.id("")) && !strings.Contains(n.Path, c.id("")) {
			continue
		}
		n.conversation = c
		for i := range c.readings {
			if r := &c.readings[i]; n.means(r) && n.ID == r.id {
				n.reading = r
			}
		}
		if n.reading == nil && n.Method != "" {
			j.wrong(c.name(), "%s: counted %s %s %s, which is none", c, n.Method, n.Host, n.Path)
		}
		return
	}
	if n.Method == "" {
		j.unclear++
		return
	}
	j.wrong("router", "counted %s %s %s (%d, %s), and no client had an answer", n.Method, n.Host, n.Path, n.Status, n.ID)
}

// String names a conversation in messages, with what it takes to repeat it.
func (c *conversation) String() string {
	return fmt.Sprintf("mutation %d (%s: %s) %s", c.n, c.family, c.mutation.name, strconv.Quote(c.octets[:min(len(c.octets), 700)]))
}

func (c *conversation) name() string { return c.place.name }

// weight is 1 for mutations, and 0 for the requests that follow them.
func (c *conversation) weight() int {
	if c.family == "" {
		return 0
	}
	return 1
}
