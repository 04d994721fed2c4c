package transfer

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/transfer/frame"
)

// event is one thing that the stream says.
type event struct {
	tx      *cell.Transaction
	reached cell.Position // everything committed before it was said
	head    cell.Position // the source's log ends here now
	err     error
}

// Decoder understands messages of the log. It is an interface because use-cases
// do not know the database.
type Decoder interface {
	Decode(message []byte) (*cell.Transaction, error)
}

// feedLength is how many events wait for the target's database: enough that
// reading and storing overlap. A transaction's part is one event.
const feedLength = 256

// feed reads a stream ahead, and gathers what it says into batches.
type feed struct {
	events  <-chan event
	pending *event
	head    cell.Position // where the source's log ended a moment ago; 0: not known yet
}

// newFeed reads body until it ends or is closed, which the caller does.
func newFeed(ctx context.Context, body io.Reader, decoder Decoder) *feed {
	events := make(chan event, feedLength)
	go func() {
		frames := frame.NewReader(body)
		for {
			e := nextEvent(frames, decoder)
			if e.tx == nil && e.reached == 0 && e.head == 0 && e.err == nil {
				continue
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
			if e.err != nil {
				return
			}
		}
	}()
	return &feed{events: events}
}

func nextEvent(frames *frame.Reader, decoder Decoder) event {
	kind, payload, err := frames.Next()
	if err != nil {
		return event{err: brokenOff(err)}
	}
	const positionLength = 8
	switch {
	case kind == frame.Error:
		return event{err: problemOf(payload)}
	case kind == frame.Message:
		tx, err := decoder.Decode(payload)
		return event{tx: tx, err: err}
	case kind == frame.Reached && len(payload) == positionLength:
		return event{reached: cell.Position(binary.BigEndian.Uint64(payload))}
	case kind == frame.Head && len(payload) == positionLength:
		return event{head: cell.Position(binary.BigEndian.Uint64(payload))}
	}
	return event{}
}

// progress is where an import stands in the source's log.
type progress struct {
	applied cell.Position
	changes int // of the transaction behind applied
}

// gathered is what became of a look at the stream.
type gathered struct {
	at           progress
	stops        bool // at the position at which it was to stop
	transactions bool // there were any, of whatever content
}

// linger is how long a transaction may wait for others to be stored with: to
// store one costs the target nearly as much as to store ten.
const linger = 50 * time.Millisecond

// gather waits for something to happen, then takes what else is at hand, into c;
// transactions it gathers for a while. It begins at a position of the stream; with
// until it goes no further than that, and does not linger. If nothing happens for
// the given time it ends where it began.
func (f *feed) gather(ctx context.Context, c *coalescer, at progress, until cell.Position, patience time.Duration) (gathered, error) {
	g := gathered{at: at}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for wait := true; !c.full(); {
		e, ok := f.next(ctx, timer.C, wait)
		if !ok {
			break
		}
		switch {
		case e.err != nil:
			return g, e.err
		case e.tx != nil && until != 0 && e.tx.Commit >= until:
			f.pending = &e
			g.at, g.stops = progress{applied: until}, true
			return g, nil
		case e.tx != nil:
			if !g.transactions {
				timer.Reset(linger)
			}
			// One without a row is the fence's own: it may be the freeze that somebody waits for.
			wait = wait && until == 0 && len(e.tx.Changes) > 0
			g.at, g.transactions = take(c, g.at, *e.tx), true
		default:
			wait = wait && g.transactions
			f.head = max(f.head, e.head)
			if g.at.changes == 0 && e.reached > g.at.applied {
				g.at.applied = e.reached
			}
		}
		if until != 0 && g.at.changes == 0 && g.at.applied >= until {
			g.at, g.stops = progress{applied: until}, true
			return g, nil
		}
	}
	return g, nil
}

// next returns the next event, or reports that there is none: at hand, or with
// wait in time.
func (f *feed) next(ctx context.Context, timeout <-chan time.Time, wait bool) (event, bool) {
	if e := f.pending; e != nil {
		f.pending = nil
		return *e, true
	}
	if !wait {
		select {
		case e := <-f.events:
			return e, true
		default:
			return event{}, false
		}
	}
	select {
	case e := <-f.events:
		return e, true
	case <-timeout:
		return event{}, false
	case <-ctx.Done():
		return event{err: context.Cause(ctx)}, false
	}
}

// take adds a transaction, or the part of it that is not stored yet.
func take(c *coalescer, at progress, tx cell.Transaction) progress {
	if tx.End != 0 && tx.End <= at.applied {
		return at
	}
	fresh := tx.Changes[min(max(at.changes-tx.Offset, 0), len(tx.Changes)):]
	c.add(fresh)
	if tx.End != 0 {
		return progress{applied: tx.End}
	}
	at.changes = max(at.changes, tx.Offset+len(tx.Changes))
	return at
}
