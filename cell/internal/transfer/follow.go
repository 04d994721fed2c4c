package transfer

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
)

const (
	// patience is how long the stream may be silent before the import looks
	// whether it is asked for something.
	patience = 100 * time.Millisecond
	// acknowledgeEvery is how often the source learns what need not be kept.
	acknowledgeEvery = time.Second
	// recordEvery is how often a position is stored while the tenant is at rest.
	recordEvery = 500 * time.Millisecond
	// smallLag is how far behind the source's log, in bytes, an import is ready.
	smallLag = 1 << 20
	// warmConnections are opened before an import is ready.
	warmConnections = 16
)

// follow applies the stream until the import is over.
func (w *importing) follow(ctx context.Context) error {
	body, err := w.source().Changes(ctx, w.at.applied)
	if err != nil {
		return err
	}
	defer closeBody(body)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	stream := newFeed(reading, body, w.runner.Decoder(w.tables))
	w.beside.Go(func() { w.keepFiles(reading) })
	ready := false // in this attempt: this process is warm
	var acknowledged time.Time
	var acked cell.Position
	for {
		if err := w.unpaused(ctx); err != nil {
			return err
		}
		if _, err := w.advance(ctx, stream, 0, func(string) bool { return false }); err != nil {
			return err
		}
		if time.Since(acknowledged) > acknowledgeEvery && w.at.applied > acked {
			if err := w.source().Acknowledge(ctx, w.at.applied); err != nil {
				return err
			}
			acknowledged, acked = time.Now(), w.at.applied
		}
		if !ready && w.fetched.Load() && stream.head != 0 && w.at.applied+smallLag >= stream.head {
			if err := w.becomeReady(ctx); err != nil {
				return err
			}
			ready = true
		}
		if i := w.record(); ready && i.VerifyNo > max(i.VerifiedNo, w.verifying) {
			if err := w.verify(ctx, stream, i.VerifyNo); err != nil {
				return err
			}
		}
	}
}

// becomeReady warms this process first: the tenant's clients come all at once.
func (w *importing) becomeReady(ctx context.Context) error {
	if err := w.runner.Warmer.Warm(ctx, w.record().Tenant, warmConnections); err != nil {
		return err
	}
	return w.session.SetState(ctx, cell.ImportReady)
}

// advance stores what the stream says next, up to exactly until if that is not
// zero, and reports whether that is reached. A transaction is stored even without
// a change: it may be the freeze that somebody waits for.
func (w *importing) advance(ctx context.Context, stream *feed, until cell.Position, skip func(string) bool) (stops bool, err error) {
	c := newCoalescer(w.byName, skip)
	g, err := stream.gather(ctx, c, w.at, until, patience)
	if err != nil {
		return false, err
	}
	if !g.transactions && !g.stops && (g.at == w.at || time.Since(w.recordedAt) < recordEvery) {
		w.at = g.at
		return false, nil
	}
	err = w.session.Apply(ctx, cell.Batch{
		Applied: g.at.applied, AppliedChanges: g.at.changes, SourcePosition: max(stream.head, g.at.applied),
		Current: stream.head != 0 && g.at.applied >= stream.head, Tables: c.batch(), Touching: w.touching, Since: w.since,
	})
	if err != nil {
		return false, err
	}
	w.at, w.recordedAt = g.at, time.Now()
	return g.stops, nil
}
