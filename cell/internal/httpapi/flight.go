package httpapi

import (
	"sync"

	"github.com/coditect/platform/cell"
)

// flightKey names requests that may share one answer: they ask the same under
// the same generation, so that none of them knows of a write that the answer
// does not show. Credential is empty if the rights of all of them were judged.
type flightKey struct {
	data       cell.Generation
	epoch      uint64
	target     string
	credential string
}

// flight is a request on its way to the database, and those that wait for it.
type flight struct {
	landed chan struct{}
	answer *cell.Answer // nil: it has none to share
	epoch  uint64
}

// flights keeps requests that ask the same at the same time from all asking the
// database.
type flights struct {
	mu  sync.Mutex
	all map[flightKey]*flight
}

// join returns the flight under the key, and whether the caller leads it: then
// it must land it.
func (f *flights) join(key flightKey) (*flight, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if joined := f.all[key]; joined != nil {
		return joined, false
	}
	if f.all == nil {
		f.all = map[flightKey]*flight{}
	}
	led := &flight{landed: make(chan struct{})}
	f.all[key] = led
	return led, true
}

func (f *flights) land(key flightKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.all[key].landed)
	delete(f.all, key)
}
