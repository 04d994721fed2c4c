package standing

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/web"
)

const (
	// Interval is how often a database is looked at that is still the same one.
	Interval = time.Second
	// patience is how long a request waits while it is not known which database it is.
	patience = time.Second
	// lookLimit is when a server that does not answer counts as gone.
	lookLimit = 5 * time.Second
	// retry is when a client may ask a refusing cell again.
	retry = 5 * time.Second
	// shortest and longest are the pauses of attempts to connect.
	shortest, longest = 100 * time.Millisecond, time.Second
)

// Watch is a connection that tells which database it leads to. It is an
// interface because this package does not know the database.
type Watch interface {
	Look(ctx context.Context) (cell.DatabaseStanding, error)
	Rest(ctx context.Context, d time.Duration) error // ends early, with an error, when the connection does
	Close()
}

type state int

const (
	unsure state = iota
	serving
	refusing
)

// view is what is known now; changed is closed when that is something else.
type view struct {
	state   state
	changed chan struct{}
}

// Guard says whether a process may use its database. It is safe for concurrent use.
type Guard struct {
	open func(context.Context) (Watch, error)
	log  *slog.Logger
	now  atomic.Pointer[view]
}

// New returns a guard that is unsure until Run has looked.
func New(open func(context.Context) (Watch, error), log *slog.Logger) *Guard {
	g := &Guard{open: open, log: log}
	g.now.Store(&view{unsure, make(chan struct{})})
	return g
}

// Run looks until ctx ends.
func (g *Guard) Run(ctx context.Context) error {
	return run.Loop{Name: "standing", Interval: shortest, MaxPause: longest, Log: g.log}.Run(ctx, g.watch)
}

// watch looks until the connection is lost.
func (g *Guard) watch(ctx context.Context) error {
	defer func() {
		if ctx.Err() == nil { // else the process ends, and what it still stores is of what it has seen
			g.become(ctx, unsure)
		}
	}()
	w, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	for {
		s, err := look(ctx, w)
		if err != nil {
			return err
		}
		if s.Good() {
			g.become(ctx, serving)
		} else {
			g.become(ctx, refusing)
		}
		if err := w.Rest(ctx, Interval); err != nil {
			return err
		}
	}
}

func look(ctx context.Context, w Watch) (cell.DatabaseStanding, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return w.Look(ctx)
}

func (g *Guard) become(ctx context.Context, next state) {
	was := g.now.Load()
	if was.state == next {
		return
	}
	g.now.Store(&view{next, make(chan struct{})})
	close(was.changed)
	switch next {
	case refusing:
		g.log.ErrorContext(ctx, "the database was restored or failed over: every tenant is refused until the cell is reconciled with the directory")
	case serving:
		g.log.InfoContext(ctx, "the database is the one that this cell serves from")
	}
}

// Refusing reports that the database has to be reconciled first.
func (g *Guard) Refusing() bool { return g.now.Load().state == refusing }

// Admit returns nil if the database may be used. While that is not known it
// waits for a moment.
func (g *Guard) Admit(ctx context.Context) error {
	v := g.now.Load()
	if v.state == serving {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for v.state == unsure {
		select {
		case <-waiting.Done():
			return fault.New(fault.Unavailable, "the cell's database does not answer; try again").After(retry)
		case <-v.changed:
			v = g.now.Load()
		}
	}
	if v.state == refusing {
		return refusal()
	}
	return nil
}

func refusal() error {
	return fault.New(fault.Unavailable, "the cell's database was restored or failed over; it serves nobody until it has been reconciled with the directory").After(retry)
}

// Hold returns runOnce as it runs only from a database that may be used: it waits
// until then.
func (g *Guard) Hold(runOnce func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if !g.await(ctx) {
			return nil
		}
		return runOnce(ctx)
	}
}

// While runs fn, which ends with its context, while the database may be used, and
// again when it may again. An outage does not end fn.
func (g *Guard) While(ctx context.Context, fn func(context.Context) error) error {
	for g.await(ctx) {
		if err := g.until(ctx, fn); err != nil {
			return err
		}
	}
	return nil
}

// await waits until the database may be used; false: ctx ended before.
func (g *Guard) await(ctx context.Context) bool {
	for ctx.Err() == nil {
		v := g.now.Load()
		if v.state == serving {
			return true
		}
		select {
		case <-ctx.Done():
		case <-v.changed:
		}
	}
	return false
}

// until runs fn until it ends, or the database must not be used any more.
func (g *Guard) until(outer context.Context, fn func(context.Context) error) error {
	ctx, end := context.WithCancel(outer)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for ctx.Err() == nil {
			v := g.now.Load()
			if v.state == refusing {
				end()
				return
			}
			select {
			case <-ctx.Done():
			case <-v.changed:
			}
		}
	}()
	err := fn(ctx)
	if ctx.Err() != nil && outer.Err() == nil { // interrupted: whatever it says of that is no failure
		err = nil
	}
	end()
	<-watching
	return err
}

// Door lets nobody in while the database has to be reconciled, except to what
// that takes.
func (g *Guard) Door(except func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if g.Refusing() && !except(r) {
				fault.WriteProblem(w, refusal(), web.RequestID(r.Context()))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
