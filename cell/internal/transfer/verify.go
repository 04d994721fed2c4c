package transfer

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/coditect/platform/cell"
)

// verify has both sides digested at one position. The stream stands still until
// both have their snapshots, and goes on while they read. From that position on
// rows that change are noted, for the drain to compare again.
func (w *importing) verify(ctx context.Context, stream *feed, no int64) error {
	w.verifying = no
	body, err := w.source().Digests(ctx, nil)
	if err != nil {
		return w.unverified(ctx, no, err)
	}
	lines := json.NewDecoder(body)
	first, err := nextDigest(lines)
	if err == nil && (first.Position == nil || *first.Position < w.at.applied) {
		err = errors.New("the source's digests are of an earlier position")
	}
	if err != nil {
		closeBody(body)
		return w.unverified(ctx, no, err)
	}
	for stops := false; !stops; {
		if stops, err = w.advance(ctx, stream, *first.Position, func(string) bool { return false }); err != nil {
			closeBody(body)
			return err
		}
	}
	if err := w.session.Touching(ctx); err != nil {
		closeBody(body)
		return err
	}
	w.touching = true
	began := make(chan struct{})
	w.beside.Go(func() {
		defer closeBody(body)
		w.compare(ctx, no, *first.Position, lines, began)
	})
	<-began
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
