package loadgen

import (
	"context"
	"net/netip"
	"time"
)

// inFlight is how many of the held connections have a request at a time.
const inFlight = 16

// Held is many connections that are kept open and used seldom. It belongs to
// one goroutine.
type Held struct{ g *generator }

// NewHeld opens opts.Connections connections from a source address. Connection
// i will ask for request opts.From+i and no other.
func NewHeld(opts Options, source netip.Addr) (*Held, error) {
	g := &generator{opts: opts, result: newResult(), source: source, held: true}
	g.opts.Connections = 0
	if err := g.open(); err != nil {
		return nil, err
	}
	h := &Held{g: g}
	for range opts.Connections {
		if err := g.add(); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// Ask sends one request on every connection. A connection that the other side
// has closed counts as an error, now and every later time.
func (h *Held) Ask(ctx context.Context) (*Result, error) {
	g := h.g
	g.result = newResult()
	g.opts.Count = len(g.live)
	next := 0
	g.freed = func(*conn) {
		if next < len(g.live) {
			next++
			g.send(g.live[next-1], g.opts.From+next-1, time.Now())
		}
	}
	for range min(inFlight, len(g.live)) {
		g.freed(nil)
	}
	err := g.drive(ctx, func() time.Duration { return tick })
	return g.result, err
}

// Close closes the connections.
func (h *Held) Close() { h.g.close() }
