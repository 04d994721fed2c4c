package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// node is an object of the answer, below which more may be read.
type node interface{ below() loaded }

// loaded is what was read for the fields of one object, by their places: the
// same field may be selected in several, with other arguments.
type loaded map[string]outcome

func (l loaded) below() loaded { return l }

type outcome struct {
	value any
	err   error
}

// becomes is what the field is, of these objects.
func (w *want) becomes(of []node, value any) {
	for _, n := range of {
		n.below()[w.place] = outcome{value: value}
	}
}

// fails is why it is not there.
func (w *want) fails(of []node, err error) {
	for _, n := range of {
		n.below()[w.place] = outcome{err: err}
	}
}

// level is what travels in one round trip, and what it leads to.
type level struct {
	call    *cell.Call
	lookups []cell.Lookup
	settle  []func() // once the lookups are made
	last    bool     // nothing more can come of them

	wants   []*want // of the next level, in order
	objects map[*want][]node
}

// reach notes an object, of which the fields below the want are to be read.
func (l *level) reach(w *want, n node) {
	for _, b := range w.below {
		if l.objects[b] == nil {
			l.wants = append(l.wants, b)
		}
		l.objects[b] = append(l.objects[b], n)
	}
}

func reachAll[N node](l *level, w *want, c *Connection[N]) {
	for _, edge := range c.Edges {
		l.reach(w, edge.Node)
	}
}

// settled takes what was found, and asks for what that leads to.
func (l *level) settled() *level {
	for _, settle := range l.settle {
		settle()
	}
	next := &level{call: l.call, objects: map[*want][]node{}, last: true}
	for _, w := range l.wants {
		w.ask(next, w, l.objects[w])
		next.last = next.last && len(w.below) == 0
	}
	return next
}

// load reads everything that is wanted, and returns the root of it.
func load(ctx context.Context, store Store, call *cell.Call, wants []*want) (loaded, error) {
	root := loaded{}
	l := &level{call: call, objects: map[*want][]node{}}
	l.reach(&want{below: wants}, root)
	err := store.LookUp(ctx, call, func() ([]cell.Lookup, bool) {
		l = l.settled()
		return l.lookups, l.last
	})
	if err != nil {
		return nil, err
	}
	l.settled()
	return root, nil
}

// lookUp makes a lookup of the level, unless there is nothing to look for.
func lookUp[T any](l *level, found lookupOf[T], w *want, of []node, settle func()) {
	c := found.Common()
	c.Permission = w.need
	if c.IDs == nil && c.Of == nil || len(c.IDs)+len(c.Of) > 0 {
		l.lookups = append(l.lookups, found)
	}
	l.settle = append(l.settle, func() {
		if c.Err != nil {
			w.fails(of, c.Err)
			return
		}
		settle()
	})
}

// lookUpOf makes one of the lists of several objects, with these ids.
func lookUpOf[T any](l *level, found lookupOf[T], w *want, of []node, ids []uuid.UUID, settle func(map[uuid.UUID][]T)) {
	c := found.Common()
	c.Of = distinct(ids)
	lookUp(l, found, w, of, func() {
		lists := map[uuid.UUID][]T{}
		for i, row := range c.Rows {
			lists[c.Parents[i]] = append(lists[c.Parents[i]], row)
		}
		settle(lists)
	})
}

// distinct returns the ids, each once; never nil.
func distinct(ids []uuid.UUID) []uuid.UUID {
	seen, once := map[uuid.UUID]bool{}, []uuid.UUID{}
	for _, id := range ids {
		if !seen[id] {
			seen[id], once = true, append(once, id)
		}
	}
	return once
}
