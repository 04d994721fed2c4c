package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/coditect/platform/cell"
)

// verify has both sides digested at one position: everything, or what changed since
// it was found equal. The stream stands still until both have their
// snapshots. From that position on rows that change are noted, for the next
// verification or the drain to compare again.
func (w *importing) verify(ctx context.Context, stream *feed, no int64) error {
	w.verifying = no
	if i := w.record(); i.VerifyChanged && i.Verified.Equal() && w.touching {
		return w.verifyTouched(ctx, stream, no)
	}
	first, lines, body, err := w.digestsThere(ctx, nil)
	if err != nil {
		return w.unverified(ctx, no, err)
	}
	if err := w.standAt(ctx, stream, *first.Position); err != nil {
		closeBody(body)
		return err
	}
	if err := w.session.Touching(ctx); err != nil {
		closeBody(body)
		return err
	}
	w.touching, w.since = true, no
	began := make(chan struct{})
	w.beside.Go(func() {
		defer closeBody(body)
		w.compare(ctx, no, *first.Position, lines, began)
	})
	<-began
	return nil
}

// verifyTouched compares the rows that changed since the verification before. One
// that changes again until the position is digested as of then, and noted, too.
func (w *importing) verifyTouched(ctx context.Context, stream *feed, no int64) error {
	touched, err := w.runner.Work.Touched(ctx, w.record().Transfer)
	if err != nil {
		return err
	}
	w.since = no
	v := w.record().Verified
	if len(touched) > 0 {
		first, lines, body, err := w.digestsThere(ctx, touched)
		if err != nil {
			return w.unverified(ctx, no, err)
		}
		defer closeBody(body)
		if err := w.standAt(ctx, stream, *first.Position); err != nil {
			return err
		}
		here, err := w.runner.Digester.DigestRows(ctx, w.record().Tenant, w.tables, touched, "")
		if err != nil {
			return err
		}
		there, err := restOfDigests(lines)
		if err != nil {
			return w.unverified(ctx, no, err)
		}
		if !sameDigests(here, there) {
			v = cell.Verification{Position: *first.Position, Tables: paired(there, here)}
		}
	}
	return w.runner.Work.StoreVerification(ctx, w.record().Transfer, no, v)
}

// digestsThere asks the source for digests, of some rows or with nil of all, and
// reads the line that says of which position they are.
func (w *importing) digestsThere(ctx context.Context, rows []cell.TableRows) (first digestLine, lines *json.Decoder, body io.ReadCloser, err error) {
	if body, err = w.source().Digests(ctx, rows, true); err != nil {
		return first, nil, nil, err
	}
	lines = json.NewDecoder(body)
	first, err = nextDigest(lines)
	if err == nil && (first.Position == nil || *first.Position < w.at.applied) {
		err = errors.New("the source's digests are of an earlier position")
	}
	if err != nil {
		closeBody(body)
	}
	return first, lines, body, err
}

// standAt follows the stream to exactly a position.
func (w *importing) standAt(ctx context.Context, stream *feed, position cell.Position) error {
	for stops := false; !stops; {
		var err error
		if stops, err = w.advance(ctx, stream, position, func(string) bool { return false }); err != nil {
			return err
		}
	}
	return nil
}

// compare digests this side and stores the outcome. began is closed once this
// side has its snapshot, or none is needed.
func (w *importing) compare(ctx context.Context, no int64, at cell.Position, lines *json.Decoder, began chan<- struct{}) {
	open := true
	begun := func() error {
		if open {
			close(began)
		}
		open = false
		return nil
	}
	var here []cell.TableDigest
	err := w.runner.Digester.DigestTables(ctx, w.record().Tenant, w.tables, "", begun, func(d cell.TableDigest) error {
		here = append(here, d)
		return nil
	})
	_ = begun() // never fails
	var there []cell.TableDigest
	if err == nil {
		there, err = restOfDigests(lines)
	}
	v := cell.Verification{Position: at, Tables: paired(there, here)}
	if err != nil {
		v = cell.Verification{Position: at, Failure: publicText(err)}
	}
	if ctx.Err() != nil {
		return // whoever goes on with the import begins again
	}
	if err := errors.Join(err, w.runner.Work.StoreVerification(ctx, w.record().Transfer, no, v)); err != nil {
		w.runner.Log.WarnContext(ctx, "verification", "migration", w.record().Migration, "err", err)
	}
}

// unverified stores that there is no outcome.
func (w *importing) unverified(ctx context.Context, no int64, err error) error {
	if ctx.Err() != nil {
		return err
	}
	w.runner.Log.WarnContext(ctx, "verification", "migration", w.record().Migration, "err", err)
	return w.runner.Work.StoreVerification(ctx, w.record().Transfer, no, cell.Verification{Failure: publicText(err)})
}

// paired puts the two sides' digests side by side; a table that one side lacks
// has a digest of nothing there.
func paired(source, target []cell.TableDigest) []cell.TableVerification {
	var all []cell.TableVerification
	places := map[string]int{}
	for _, d := range source {
		places[d.Table] = len(all)
		all = append(all, cell.TableVerification{Source: d})
	}
	for _, d := range target {
		if place, there := places[d.Table]; there {
			all[place].Target = d
		} else {
			all = append(all, cell.TableVerification{Target: d})
		}
	}
	return all
}
