package proxy

import (
	"context"
	"errors"
	"iter"
	"os"
	"sync"
	"time"

	"github.com/coditect/platform/router/internal/shed"
	"github.com/coditect/platform/router/internal/upstream"
)

// bulkBody is the length from which a body makes its request one of the first
// to give way.
const bulkBody = 1 << 20

// A router that is itself short of processor time sees latencies that are not
// the cell's doing. [shed.Pulse] takes out what it can measure; these keep the
// rest from making it refuse what the cell could well serve.
const (
	leastInCell = 32
	turnWait    = 250 * time.Millisecond
	turnAgain   = 20 * time.Millisecond
)

// controllers keeps what stands before each cell.
type controllers struct {
	now   func() time.Time
	pulse *shed.Pulse
	known sync.Map // cell id → *shed.Controller
}

func (c *controllers) of(cell string) *shed.Controller {
	if known, ok := c.known.Load(cell); ok {
		return known.(*shed.Controller)
	}
	known, _ := c.known.LoadOrStore(cell, shed.New(shed.Options{Min: leastInCell, Wait: turnWait, Pulse: c.pulse, Now: c.now}))
	return known.(*shed.Controller)
}

// all is for the metrics.
func (c *controllers) all() iter.Seq2[string, *shed.Controller] {
	return func(yield func(string, *shed.Controller) bool) {
		c.known.Range(func(cell, controller any) bool { return yield(cell.(string), controller.(*shed.Controller)) })
	}
}

// priority says how willingly the request gives way.
func (x *exchange) priority() shed.Priority {
	if x.match.Bulk || x.upload != nil && (x.upload.length < 0 || x.upload.length > bulkBody) {
		return shed.Bulk
	}
	return shed.Normal
}

// askInTurn asks the cell when it is the tenant's turn, and tells the cell's
// controller how that went.
func (p *Proxy) askInTurn(x *exchange, cell *upstream.Cell) (*upstream.Conn, error) {
	ticket, err := p.turn(x, cell)
	if err != nil {
		return nil, err
	}
	conn, err := p.ask(x, cell)
	x.answered = p.opts.Now()
	ticket.Done(x.outcome(err), x.answered)
	return conn, err
}

// turn waits for a place in the cell. A request that was held while its tenant
// moved is not turned away for what has queued up meanwhile: it asks again, as
// long as its client waits.
func (p *Proxy) turn(x *exchange, cell *upstream.Cell) (shed.Ticket, error) {
	controller := p.controllers.of(cell.ID)
	ticket, err := controller.AcquireWait(context.Background(), x.entry.TenantID, x.priority(), x.now())
	for err != nil && x.waiter != nil && p.opts.Now().Before(x.deadline) {
		<-time.After(turnAgain) // the queue may be full: then it did not wait
		ticket, err = controller.AcquireWait(context.Background(), x.entry.TenantID, x.priority(), p.opts.Now())
	}
	return ticket, err
}

func (x *exchange) outcome(err error) shed.Outcome {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errTimeout):
		return shed.Overloaded
	case err != nil, x.upload != nil, x.resp.Status == 101, frozenAnswer(&x.resp):
		return shed.Ignored // how long it took is the client's doing, or says nothing
	}
	return shed.OK
}
