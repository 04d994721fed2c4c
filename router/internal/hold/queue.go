package hold

import "container/list"

// queue keeps waiters in the order of their arrival. One that returns from a
// try in vain goes back to where it was.
type queue struct{ list.List }

// add puts w before everybody who came later. Only those that are out trying
// can be overtaken, and they are few, so the place is found near the front; a
// newcomer's is the back.
func (q *queue) add(w *Waiter) {
	if last := q.Back(); last == nil || waiterAt(last).arrival < w.arrival {
		w.place = q.PushBack(w)
		return
	}
	at := q.Front()
	for waiterAt(at).arrival < w.arrival {
		at = at.Next()
	}
	w.place = q.InsertBefore(w, at)
}

func (q *queue) remove(w *Waiter) {
	q.Remove(w.place)
	w.place = nil
}

// first returns the waiter that came first, nil if there is none.
func (q *queue) first() *Waiter {
	if q.Len() == 0 {
		return nil
	}
	return waiterAt(q.Front())
}

func waiterAt(e *list.Element) *Waiter { return e.Value.(*Waiter) }
