package transfer

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Work finds imports and takes the right to do them. It is an interface because
// use-cases do not know the database.
type Work interface {
	Imports(ctx context.Context) ([]cell.Import, error)
	Import(ctx context.Context, t cell.Transfer) (cell.Import, error)
	LeadImport(ctx context.Context, i cell.Import) (Session, error) // nil: another process has it
	FailImport(ctx context.Context, t cell.Transfer, failure string, forGood bool) error
	StoreVerification(ctx context.Context, t cell.Transfer, no int64, v cell.Verification) error
	Touched(ctx context.Context, t cell.Transfer) ([]cell.TableRows, error)
}

// Session is the right to do an import. Whatever it stores it stores only while
// the import may go on.
type Session interface {
	Copying
	Following
	Tables(ctx context.Context) ([]cell.Table, error)
	Close()
}

// Copying stores what was there when an import began.
type Copying interface {
	SetEstimate(ctx context.Context, tables int, rows, bytes int64) error
	StandAt(ctx context.Context, position cell.Position) error
	EmptyTable(ctx context.Context, t cell.Table, limit int) (more bool, err error)
	CopyChunk(ctx context.Context, t cell.Table, data io.Reader, next func() (cell.ChunkEnd, error)) (cell.ChunkEnd, error)
}

// Following stores what changed since.
type Following interface {
	SetState(ctx context.Context, state cell.ImportState) error
	Apply(ctx context.Context, b cell.Batch) error
	Touching(ctx context.Context) error
}

// Warmer prepares this process for a tenant's requests.
type Warmer interface {
	Warm(ctx context.Context, id tenancy.ID, n int) error
}

// Runner does the imports of the cell. Any number of processes may run one: each
// import is done by one of them, and taken over by another if that dies.
type Runner struct {
	Work     Work
	Files    FileWork
	Shelf    Shelf
	Sources  Sources
	Decoder  func(tables []cell.Table) Decoder
	Digester Digester
	Warmer   Warmer
	Log      *slog.Logger

	once    sync.Once
	wake    chan struct{}
	mu      sync.Mutex
	running map[uuid.UUID]chan struct{} // by migration: has the import look at its record
}

// How often the runner looks for imports, and how long it waits before it tries
// again what failed.
const (
	lookEvery  = time.Second
	retryFirst = 200 * time.Millisecond
	retryMost  = 10 * time.Second
)

func (r *Runner) init() {
	r.once.Do(func() { r.wake, r.running = make(chan struct{}, 1), map[uuid.UUID]chan struct{}{} })
}

// Wake has Run look for imports at once, and those that it does look at what is
// asked of them.
func (r *Runner) Wake() {
	r.init()
	nudge(r.wake)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, asked := range r.running {
		nudge(asked)
	}
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is about to look
	}
}

// Run does imports until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	r.init()
	var imports sync.WaitGroup
	defer imports.Wait()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := r.look(ctx, &imports); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "look for imports", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-r.wake:
		}
	}
}

func (r *Runner) look(ctx context.Context, imports *sync.WaitGroup) error {
	found, err := r.Work.Imports(ctx)
	if err != nil {
		return err
	}
	for _, i := range found {
		if !goesOn(i.State) && !awaitsFiles(i) {
			continue
		}
		if asked := r.begin(i.Migration); asked != nil {
			imports.Go(func() {
				defer r.end(i.Migration)
				r.keepAt(ctx, i.Transfer, asked)
				r.finishFiles(ctx, i.Transfer)
			})
		}
	}
	return nil
}

func goesOn(s cell.ImportState) bool {
	return s == cell.ImportCopying || s == cell.ImportCatchingUp || s == cell.ImportReady
}

// begin returns nil if the import is begun already.
func (r *Runner) begin(migration uuid.UUID) (asked chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[migration] != nil {
		return nil
	}
	asked = make(chan struct{}, 1)
	r.running[migration] = asked
	return asked
}

func (r *Runner) end(migration uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, migration)
}

// keepAt tries until the import is over, has failed for good, or another
// process does it.
func (r *Runner) keepAt(ctx context.Context, t cell.Transfer, asked <-chan struct{}) {
	log := r.Log.With("tenant", t.Tenant, "migration", t.Migration)
	for pause := retryFirst; ctx.Err() == nil; pause = min(2*pause, retryMost) {
		began := time.Now()
		err := r.attempt(ctx, t, asked)
		if err == nil || ctx.Err() != nil {
			return
		}
		forGood := !transient(err)
		log.WarnContext(ctx, "import broken off", "err", err, "for_good", forGood)
		if noted := r.Work.FailImport(ctx, t, publicText(err), forGood); noted != nil {
			log.WarnContext(ctx, "failure of an import not recorded", "err", noted)
		} else if forGood {
			return
		}
		if time.Since(began) > retryMost {
			pause = retryFirst
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// transient reports whether the same may succeed later. An error that nobody
// gave a code comes of the rows themselves, or of a bug: trying again would
// not mend it.
func transient(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Unavailable, fault.Timeout, fault.RateLimited, fault.BadGateway, fault.Unauthenticated:
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

func publicText(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Message
	}
	return "something went wrong on our side; the cell's log says what"
}

var errOver = errors.New("the import is over")

// attempt does the import until it is over (nil) or something fails.
func (r *Runner) attempt(ctx context.Context, t cell.Transfer, asked <-chan struct{}) error {
	i, err := r.Work.Import(ctx, t)
	if fault.CodeOf(err) == fault.NotFound || err == nil && !goesOn(i.State) {
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
	ctx, cancel := context.WithCancelCause(ctx)
	w := &importing{runner: r, session: session, cancel: cancel}
	defer w.beside.Wait()
	defer cancel(nil)
	// It was read before the right was taken: whoever had it may have got further since.
	if err := w.refresh(ctx, t); err != nil {
		return w.outcome(ctx, err)
	}
	go w.watch(ctx, asked)
	return w.outcome(ctx, w.run(ctx))
}

// importing is one attempt at an import.
type importing struct {
	runner     *Runner
	session    Session
	cancel     context.CancelCauseFunc
	latest     atomic.Pointer[cell.Import] // what the record says
	at         progress
	recordedAt time.Time // when at was last stored
	touching   bool
	verifying  int64          // the last verification that was begun
	since      int64          // the verification since which rows change now
	beside     sync.WaitGroup // what goes on beside the stream
	fetched    atomic.Bool    // all files that the source had a while ago are here
	tables     []cell.Table
	byName     map[string]cell.Table
}

// record is the import as it was recorded a moment ago.
func (w *importing) record() cell.Import { return *w.latest.Load() }

func (w *importing) source() Source { return w.runner.Sources.Source(w.record()) }

func (w *importing) refresh(ctx context.Context, t cell.Transfer) error {
	i, err := w.runner.Work.Import(ctx, t)
	if fault.CodeOf(err) == fault.NotFound || err == nil && !goesOn(i.State) {
		return errOver
	}
	if err != nil {
		return err
	}
	if w.latest.Swap(&i) == nil {
		w.at, w.touching, w.since = progress{i.Applied, i.AppliedChanges}, i.Touching, i.VerifiedNo
	}
	return nil
}

// watchEvery is how soon a pause, a rate, the end of an import or what else is asked
// of it are noticed if another process was told.
const watchEvery = 250 * time.Millisecond

func (w *importing) watch(ctx context.Context, asked <-chan struct{}) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-asked:
		}
		if err := w.refresh(ctx, w.record().Transfer); errors.Is(err, errOver) {
			w.cancel(errOver)
			return
		}
	}
}

// outcome tells the end of an import from a failure.
func (w *importing) outcome(ctx context.Context, err error) error {
	if errors.Is(err, errOver) || errors.Is(context.Cause(ctx), errOver) {
		return nil
	}
	if err == nil {
		return nil
	}
	// It may have ended a moment ago: then that is why.
	if latest := w.latest.Load(); latest != nil && errors.Is(w.refresh(context.WithoutCancel(ctx), latest.Transfer), errOver) {
		return nil
	}
	return err
}

// unpaused waits while the import is paused.
func (w *importing) unpaused(ctx context.Context) error {
	for w.record().Paused {
		if err := sleep(ctx, watchEvery); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *importing) run(ctx context.Context) error {
	tables, err := w.session.Tables(ctx)
	if err != nil {
		return err
	}
	w.byName = map[string]cell.Table{}
	for _, t := range tables {
		if t.Class == cell.ClassTenant {
			w.tables = append(w.tables, t)
			w.byName[t.Name] = t
		}
	}
	if w.record().State == cell.ImportCopying {
		if err := w.copyAll(ctx); err != nil {
			return err
		}
	}
	return w.follow(ctx)
}
