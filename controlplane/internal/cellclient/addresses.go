package cellclient

import (
	"context"
	"sync"
	"time"
)

// addressLife is how long a cell's address is believed without asking: within a
// migration's write pause each look-up would be a round trip of its own.
const addressLife = 10 * time.Second

// addresses remembers where cells are. A call that nobody answers forgets it.
type addresses struct {
	cells Cells
	clock func() time.Time

	mu    sync.Mutex
	known map[string]address
}

type address struct {
	url   string
	until time.Time
}

func (a *addresses) of(ctx context.Context, cell string) (string, error) {
	now := a.clock()
	a.mu.Lock()
	known := a.known[cell]
	a.mu.Unlock()
	if now.Before(known.until) {
		return known.url, nil
	}
	found, err := a.cells.Get(ctx, cell)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil {
		a.known = map[string]address{}
	}
	a.known[cell] = address{found.InternalEndpoint, now.Add(addressLife)}
	return found.InternalEndpoint, nil
}

func (a *addresses) forget(cell string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, cell)
}
