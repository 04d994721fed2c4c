package shed

import "container/list"

// waiter is a request that waits for a place.
type waiter struct {
	bucket   uint32
	priority Priority
	since    int64
	lost     int64        // by the process, until then
	wake     func(Ticket) // called with the controller's lock held: must not block
	place    *list.Element
}

// queue holds waiting requests: each tenant's in the order of their arrival,
// the tenants in turn. A request costs its tenant one turn, whatever its size
// (deficit round robin with equal costs), so a tenant waits behind itself.
type queue struct {
	tenants map[uint32]*list.List
	turns   list.List // of bucket numbers
	places  map[uint32]*list.Element
	len     int
}

func (q *queue) init() {
	q.tenants, q.places = map[uint32]*list.List{}, map[uint32]*list.Element{}
}

// add queues w, unless its tenant uses its part of the queue already.
func (q *queue) add(w *waiter, capacity int) bool {
	own := q.tenants[w.bucket]
	others := len(q.tenants)
	if own == nil {
		others++
	}
	if own != nil && own.Len() >= max(1, capacity/others) || q.len >= 2*capacity {
		return false
	}
	if own == nil {
		own = list.New()
		q.tenants[w.bucket] = own
		q.places[w.bucket] = q.turns.PushBack(w.bucket)
	}
	w.place = own.PushBack(w)
	q.len++
	return true
}

func (q *queue) remove(w *waiter) {
	own := q.tenants[w.bucket]
	own.Remove(w.place)
	w.place = nil
	q.len--
	if own.Len() == 0 {
		delete(q.tenants, w.bucket)
		q.turns.Remove(q.places[w.bucket])
		delete(q.places, w.bucket)
	}
}

// next takes the waiter whose turn it is out of the queue. Tenants whose
// first request may not go yet are passed over.
func (q *queue) next(may func(*waiter) bool) *waiter {
	for turn := q.turns.Front(); turn != nil; turn = turn.Next() {
		w := q.tenants[turn.Value.(uint32)].Front().Value.(*waiter)
		if !may(w) {
			continue
		}
		q.turns.MoveToBack(turn)
		q.remove(w)
		return w
	}
	return nil
}
