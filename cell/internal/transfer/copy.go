package transfer

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/transfer/frame"
)

// emptiedAtOnce is how many rows of a table whose copy begins again are removed
// in one transaction.
const emptiedAtOnce = 5_000

// copyAll copies every table that is not copied yet, all under one snapshot.
func (w *importing) copyAll(ctx context.Context) error {
	source := w.source()
	offer, err := source.Snapshot(ctx)
	if err != nil {
		return err
	}
	if err := w.session.SetEstimate(ctx, len(w.tables), offer.Rows, offer.Bytes); err != nil {
		return err
	}
	copied := map[string]cell.ImportTable{}
	for _, t := range w.record().Tables {
		copied[t.Name] = t
	}
	if offer.Snapshot.Position != w.at.applied {
		if copied, err = w.moveTo(ctx, offer.Snapshot.Position, copied); err != nil {
			return err
		}
	}
	for _, t := range w.tables {
		if copied[t.Name].Done {
			continue
		}
		if err := w.copyTable(ctx, t, offer.Snapshot.Name, copied[t.Name].LastKey); err != nil {
			return err
		}
	}
	return w.session.SetState(ctx, cell.ImportCatchingUp)
}

// moveTo brings the copy to another snapshot: the one before is gone with the
// process that held it. Tables that are copied follow the stream to exactly the
// new position, before anything is copied under it; those that are copied in
// part begin again.
func (w *importing) moveTo(ctx context.Context, position cell.Position, copied map[string]cell.ImportTable) (map[string]cell.ImportTable, error) {
	done := map[string]cell.ImportTable{}
	for _, t := range w.tables {
		if copied[t.Name].Done {
			done[t.Name] = copied[t.Name]
			continue
		}
		for more := true; more; {
			var err error
			if more, err = w.session.EmptyTable(ctx, t, emptiedAtOnce); err != nil {
				return nil, err
			}
		}
	}
	if len(done) > 0 {
		if err := w.followTo(ctx, position, func(table string) bool { return !done[table].Done }); err != nil {
			return nil, err
		}
	}
	w.at = progress{applied: position}
	return done, w.session.StandAt(ctx, position)
}

// followTo applies the stream up to exactly a position, but for skipped tables.
func (w *importing) followTo(ctx context.Context, position cell.Position, skip func(string) bool) error {
	body, err := w.source().Changes(ctx, w.at.applied)
	if err != nil {
		return err
	}
	defer closeBody(body)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	stream := newFeed(reading, body, w.runner.Decoder(w.tables))
	for stops := false; !stops; {
		if stops, err = w.advance(ctx, stream, position, skip); err != nil {
			return err
		}
	}
	return nil
}

func (w *importing) copyTable(ctx context.Context, t cell.Table, snapshot string, from []string) error {
	if err := w.unpaused(ctx); err != nil {
		return err
	}
	body, err := w.source().CopyTable(ctx, t.Name, snapshot, from)
	if err != nil {
		return err
	}
	defer closeBody(body)
	table := &chunks{frames: frame.NewReader(&throttled{ctx: ctx, from: body, rate: func() int64 { return w.record().BytesPerSecond }})}
	for {
		if err := w.unpaused(ctx); err != nil {
			return err
		}
		end, err := w.session.CopyChunk(ctx, t, table, table.next)
		if table.err != nil {
			return table.err // the database only says that the copy was broken off
		}
		if err != nil || end.Last {
			return err
		}
	}
}
