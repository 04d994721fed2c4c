//go:build smuggling

package smuggling_test

import "testing"

// logged is a line of the access log of a server that hands what it has read on
// to a recorder.
type logged struct {
	sighting
	status int
}

// join adds to each line of a server's own log what its recorder got of it: a
// body that the server passed on, and whatever is wrong. What the recorder has
// beyond that stands alone.
func join(t *testing.T, lines []logged, r *recorder) []sighting {
	t.Helper()
	passed := map[string][]sighting{}
	var all []sighting
	for _, s := range r.all(t) {
		passed[s.id] = append(passed[s.id], s)
	}
	for _, line := range lines {
		s := line.sighting
		s.whole = true // as far as is known
		queue := passed[s.id]
		switch {
		case s.refused:
		case len(queue) > 0:
			got := queue[0]
			passed[s.id] = queue[1:]
			s.body, s.whole, s.wrong = got.body, got.whole, got.wrong
			if got.method != s.method || got.target != s.target || got.host != s.host {
				s.wrong += "; it passed on " + got.String()
			}
		case line.status == 200:
			s.wrong = "it answered 200 and passed nothing on"
		default:
			s.unseen.body = true
			s.whole = false
		}
		all = append(all, s)
	}
	for _, rest := range passed {
		for _, s := range rest {
			s.wrong += "; it passed on what is not in its log"
			all = append(all, s)
		}
	}
	return all
}
