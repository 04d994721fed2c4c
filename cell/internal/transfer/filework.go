package transfer

import (
	"context"
	"io"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// FileWork keeps how far the files of imports are. It is an interface because
// use-cases do not know the database; apart from Work for its size only.
type FileWork interface {
	ReportFiles(ctx context.Context, t cell.Transfer, p cell.FileProgress) error
	UnfetchedFiles(ctx context.Context, id tenancy.ID) (i cell.Import, found bool, err error)
}

// filesEvery is how often an import looks for files that the source has since.
const filesEvery = 30 * time.Second

// keepFiles fetches the source's files beside the stream, and again and again
// what is new. The import is not ready before all of them were here once.
func (w *importing) keepFiles(ctx context.Context) {
	f := w.runner.fetching(w.record(), false)
	f.rate, f.ready = func() int64 { return w.record().BytesPerSecond }, w.unpaused
	log := w.runner.Log.With("tenant", w.record().Tenant, "migration", w.record().Migration)
	for pause := retryFirst; ctx.Err() == nil; {
		f.source = w.runner.Sources.Files(w.record()) // its ticket may be a new one
		err := f.pass(ctx)
		wait := filesEvery
		if err == nil {
			w.fetched.Store(true)
			pause = retryFirst
		} else if ctx.Err() == nil {
			log.WarnContext(ctx, "files of an import", "err", err)
			wait, pause = pause, min(2*pause, retryMost)
		}
		if sleep(ctx, wait) != nil {
			return
		}
	}
}

func (r *Runner) fetching(i cell.Import, lives bool) *fetching {
	return &fetching{
		tenant: i.Tenant, source: r.Sources.Files(i), shelf: r.Shelf, lives: lives,
		rate: func() int64 { return i.BytesPerSecond }, ready: func(ctx context.Context) error { return ctx.Err() },
		report: func(ctx context.Context, p cell.FileProgress) error { return r.Files.ReportFiles(ctx, i.Transfer, p) },
	}
}

// finishFiles fetches, once the tenant lives here, what the source made in the
// last moments before, until nothing is left there or the import is closed.
func (r *Runner) finishFiles(ctx context.Context, t cell.Transfer) {
	log := r.Log.With("tenant", t.Tenant, "migration", t.Migration)
	for pause := retryFirst; ctx.Err() == nil; pause = min(2*pause, retryMost) {
		err := r.lastPass(ctx, t)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.WarnContext(ctx, "files of a tenant that has arrived", "err", err)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// lastPass begins after the activation, when the source makes no files any more.
func (r *Runner) lastPass(ctx context.Context, t cell.Transfer) error {
	i, err := r.Work.Import(ctx, t)
	if fault.CodeOf(err) == fault.NotFound || err == nil && !awaitsFiles(i) {
		return nil
	}
	if err != nil {
		return err
	}
	session, err := r.Work.LeadImport(ctx, i)
	if err != nil || session == nil {
		return err
	}
	defer session.Close()
	return r.fetching(i, true).pass(ctx)
}

func awaitsFiles(i cell.Import) bool { return i.State == cell.ImportActivated && !i.Files.Complete }

// Bookcase reads files of this cell, and such of a tenant that has just arrived
// as are still in the cell that it came from. It writes to this cell.
type Bookcase struct {
	Shelf
	Work    FileWork
	Sources Sources
}

// Read opens what is under the tenant's key.
func (b Bookcase) Read(ctx context.Context, id tenancy.ID, key string) (io.ReadCloser, error) {
	_, body, err := b.Open(ctx, id, key)
	if fault.CodeOf(err) != fault.NotFound {
		return body, err
	}
	i, found, lookErr := b.Work.UnfetchedFiles(ctx, id)
	if lookErr != nil || !found {
		return nil, orElse(lookErr, err)
	}
	_, content, err := openFile(ctx, b.Sources.Files(i), key, func() int64 { return 0 })
	if err != nil {
		return nil, err
	}
	return content, nil
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
