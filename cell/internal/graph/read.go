package graph

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// lookupOf is a lookup of rows of one type.
type lookupOf[T any] interface {
	cell.Lookup
	Common() *cell.LookupOf[T]
}

// ask adds what a field needs to a level: for all objects that have it.
type ask func(l *level, w *want, of []node)

// The ways in which fields are read follow. Each is given how the lookup is made
// of the field's arguments, since an argument that breaks a rule is found there.

// readMe needs no rows: the fence's statement says who calls.
func readMe(*args) ask {
	return func(l *level, w *want, of []node) {
		l.settle = append(l.settle, func() { w.becomes(of, Me{l.call}) })
	}
}

// the is a row that every tenant has.
func the[T any, N node](k kind[T, N], look func(*args) lookupOf[T]) field {
	return func(a *args) ask { return single(k, look(a)) }
}

// one is the row that the argument id names.
func one[T any, N node](k kind[T, N], look func(*args) lookupOf[T]) field {
	return func(a *args) ask {
		found := look(a)
		found.Common().IDs = []uuid.UUID{a.id("id")}
		return single(k, found)
	}
}

func single[T any, N node](k kind[T, N], found lookupOf[T]) ask {
	return func(l *level, w *want, of []node) {
		c := found.Common()
		lookUp(l, found, w, of, func() {
			if len(c.Rows) == 0 {
				w.fails(of, fault.New(fault.NotFound, "no such resource"))
				return
			}
			n := k.wrap(c.Rows[0])
			w.becomes(of, n)
			l.reach(w, n)
		})
	}
}

// page is a page of a list.
func page[T any, N node](k kind[T, N], list string, look func(*args) lookupOf[T]) field {
	return func(a *args) ask {
		found := look(a)
		c := found.Common()
		c.Page = a.page(list)
		return func(l *level, w *want, of []node) {
			lookUp(l, found, w, of, func() {
				made := connect(a.tenant, list, k, c.Rows, c.Page)
				w.becomes(of, made)
				reachAll(l, w, made)
			})
		}
	}
}

// pages is a page of the list of each of several objects.
func pages[T any, N, P node](k kind[T, N], list func(uuid.UUID) string, key func(P) uuid.UUID, look func(*args) lookupOf[T]) field {
	return func(a *args) ask {
		found := look(a)
		c := found.Common()
		c.Page = a.page("")
		return func(l *level, w *want, of []node) {
			known, ids := withCursor(a, w, of, list, key)
			if len(ids) > 0 && a.cursor != "" {
				c.Page.After, _ = cell.DecodeCursor(a.tenant, list(ids[0]), a.cursor)
			}
			lookUpOf(l, found, w, known, ids, func(lists map[uuid.UUID][]T) {
				for i, n := range known {
					made := connect(a.tenant, list(ids[i]), k, lists[ids[i]], c.Page)
					w.becomes([]node{n}, made)
					reachAll(l, w, made)
				}
			})
		}
	}
}

// withCursor returns the objects whose list the cursor is of, if there is one,
// and their ids.
func withCursor[P node](a *args, w *want, of []node, list func(uuid.UUID) string, key func(P) uuid.UUID) (known []node, ids []uuid.UUID) {
	for _, n := range of {
		id := keyOf(n, key)
		if _, ok := cell.DecodeCursor(a.tenant, list(id), a.cursor); a.cursor != "" && !ok {
			w.fails([]node{n}, fault.New(fault.Invalid, "after is not a cursor of this list; begin without one"))
			continue
		}
		known, ids = append(known, n), append(ids, id)
	}
	return known, ids
}

// keyOf takes the id by which a field goes: the schema says what has the field.
func keyOf[P node](n node, key func(P) uuid.UUID) uuid.UUID {
	return key(n.(P)) //nolint:forcetypeassert // see above
}

// whose finds out whose list a field is; nil: the tenant's.
type whose func(a *args) func(node) uuid.UUID

// named is whom an argument names.
func named(argument string) whose {
	return func(a *args) func(node) uuid.UUID {
		id := a.id(argument)
		return func(node) uuid.UUID { return id }
	}
}

// its is the object that has the field.
func its[P node](key func(P) uuid.UUID) whose {
	return func(*args) func(node) uuid.UUID {
		return func(n node) uuid.UUID { return keyOf(n, key) }
	}
}

// all is a list without pages, of most items: the tenant's, or of each of
// several objects. Of some of these the caller may not see it.
func all[T any, N node](k kind[T, N], most int, whose whose, look func(*args) lookupOf[T]) field {
	return func(a *args) ask {
		found := look(a)
		c := found.Common()
		c.Page.Limit = most - 1 // one more is read
		if whose == nil {
			return func(l *level, w *want, of []node) {
				lookUp(l, found, w, of, func() { become(l, w, of, k, c.Rows) })
			}
		}
		key := whose(a)
		return func(l *level, w *want, of []node) {
			ids := make([]uuid.UUID, len(of))
			for i, n := range of {
				ids[i] = key(n)
			}
			lookUpOf(l, found, w, of, ids, func(lists map[uuid.UUID][]T) {
				for i, n := range of {
					if err := c.Refused[ids[i]]; err != nil {
						w.fails([]node{n}, err)
						continue
					}
					become(l, w, []node{n}, k, lists[ids[i]])
				}
			})
		}
	}
}

func become[T any, N node](l *level, w *want, of []node, k kind[T, N], rows []T) {
	items := make([]N, len(rows))
	for i, row := range rows {
		items[i] = k.wrap(row)
		l.reach(w, items[i])
	}
	w.becomes(of, items)
}

// ref is the row that each of several objects names, or nil if it is not there.
func ref[T any, N, P node](k kind[T, N], key func(P) uuid.UUID, look func(*args) lookupOf[T]) field {
	return func(a *args) ask {
		found := look(a)
		c := found.Common()
		return func(l *level, w *want, of []node) {
			var ids []uuid.UUID
			for _, n := range of {
				if id := keyOf(n, key); id != uuid.Nil {
					ids = append(ids, id)
				}
			}
			c.IDs = distinct(ids)
			lookUp(l, found, w, of, func() {
				rows := map[uuid.UUID]T{}
				for _, row := range c.Rows {
					rows[k.id(row)] = row
				}
				for _, n := range of {
					row, there := rows[keyOf(n, key)]
					if !there {
						w.becomes([]node{n}, nil)
						continue
					}
					made := k.wrap(row)
					w.becomes([]node{n}, made)
					l.reach(w, made)
				}
			})
		}
	}
}
