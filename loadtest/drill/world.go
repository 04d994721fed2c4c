package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// RTO and RPO that are promised, in seconds.
const (
	rtoBar = 3600
	rpoBar = 3600
)

// The platform's cells, each in a region of its own.
const (
	cellA = "cell-a"
	cellB = "cell-b"
)

// world is a platform, its tenants' ledgers, and an operator's terminal.
type world struct {
	fleet       *fleet.Fleet
	figures     *figures.Figures
	name        string
	dir         string        // of what the operator has at hand: backups, archives of tenants
	environment []string      // of the operator's commands
	tenants     int           // in each cell
	writing     time.Duration // how long tenants write before and behind a point in time
	ledgers     []*tenantclient.Ledger
}

// writesPerSecond is how often each tenant adds an entry.
const writesPerSecond = 10

func newWorld(ctx context.Context, name string, o options, f *figures.Figures) (*world, error) {
	w := &world{figures: f, name: name, tenants: 3, writing: 8 * time.Second}
	if o.short {
		w.tenants, w.writing = 2, 3*time.Second
	}
	var err error
	if w.dir, err = filepath.Abs(filepath.Join(".local", "drill-desk")); err != nil {
		return w, err
	}
	// Others may pass: where root runs Postgres as another user, that one must.
	if err := errors.Join(os.RemoveAll(w.dir), os.MkdirAll(w.dir, 0o711)); err != nil { //nolint:gosec // see above
		return w, err
	}
	w.fleet, err = fleet.StartArchived(ctx, "drill", os.Stderr)
	if err != nil {
		return w, err
	}
	return w, w.openTerminal(ctx)
}

// openTerminal prepares what an operator has: the programs, and a context of
// cellctl.
func (w *world) openTerminal(ctx context.Context) error {
	at := w.fleet.Platform.State().Endpoints.ControlPlane
	w.environment = []string{
		"PATH=" + w.fleet.Platform.BinDir() + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + w.dir, "TZ=UTC", "NO_COLOR=1",
		"CELLCTL_CONFIG=" + filepath.Join(w.dir, "cellctl.json"),
	}
	cmd := exec.CommandContext(ctx, filepath.Join(w.fleet.Platform.BinDir(), "cellctl"), "context", "set", "drill", "--server", at.URL, "--key-file", "-", "--use")
	cmd.Env, cmd.Stdin = w.environment, strings.NewReader(at.Token+"\n")
	if printed, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("a context for cellctl: %w\n%s", err, printed)
	}
	return nil
}

func (w *world) close() error {
	for _, l := range w.ledgers {
		l.Stop()
	}
	var err error
	if w.fleet != nil {
		err = w.fleet.Close()
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

func (w *world) say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, "drill %s: "+format+"\n", append([]any{w.name}, args...)...)
}

// settle signs tenants up in a cell and has their users begin to write.
func (w *world) settle(ctx context.Context, cell string, n int) ([]*tenantclient.Ledger, error) {
	var ledgers []*tenantclient.Ledger
	for range n {
		t, err := w.fleet.SignUp(ctx, cell)
		if err != nil {
			return nil, fmt.Errorf("sign-up in %s: %w", cell, err)
		}
		l, err := tenantclient.NewLedger(ctx, t)
		if err != nil {
			return nil, err
		}
		l.Start(context.WithoutCancel(ctx), writesPerSecond)
		ledgers = append(ledgers, l)
	}
	w.ledgers = append(w.ledgers, ledgers...)
	return ledgers, nil
}

// write lets tenants write for a while.
func (w *world) write(ctx context.Context) error {
	timer := time.NewTimer(w.writing)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// query asks the database of a cell as its superuser.
func (w *world) query(ctx context.Context, cell, sql string, into ...any) error {
	conn, err := pgx.Connect(ctx, w.fleet.Platform.State().Endpoints.Cells[cell].SuperDatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // only read
	return conn.QueryRow(ctx, sql).Scan(into...)
}

// archived waits until what the cell's database has written by now is in its
// archive.
func (w *world) archived(ctx context.Context, cell string) error {
	var file string
	if err := w.query(ctx, cell, `SELECT pg_walfile_name(pg_switch_wal())`, &file); err != nil {
		return err
	}
	return await(ctx, "the log in the archive", func() (bool, error) {
		_, err := os.Stat(filepath.Join(w.fleet.Platform.CellPostgres(cell).Archive, file))
		return err == nil, nil
	})
}

// await asks until something is so.
func await(ctx context.Context, what string, is func() (bool, error)) error {
	const every = 50 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		so, err := is()
		if err != nil || so {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// served waits until every tenant is.
func served(ctx context.Context, ledgers []*tenantclient.Ledger) error {
	for _, l := range ledgers {
		if err := l.Tenant.AwaitServed(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stop ends the tenants' writing.
func stop(ledgers []*tenantclient.Ledger) {
	for _, l := range ledgers {
		l.Stop()
	}
}

// sum is what the ledgers of some tenants and their lists disagree about, those
// entries left out that were acknowledged behind a point in time which was given
// up on purpose.
type sum struct {
	acknowledged, lost, wrong int
	earliest                  time.Time // acknowledgement of a lost entry; zero: none is lost
}

func compare(ctx context.Context, ledgers []*tenantclient.Ledger, until time.Time) (s sum, err error) {
	for _, l := range ledgers {
		d, err := l.Compare(ctx)
		if err != nil {
			return s, err
		}
		s.acknowledged += d.Acknowledged
		s.wrong += d.Doubled + d.Strange
		for _, e := range d.Lost {
			if !until.IsZero() && !e.Acknowledged.Before(until) {
				continue
			}
			s.lost++
			if s.earliest.IsZero() || e.Acknowledged.Before(s.earliest) {
				s.earliest = e.Acknowledged
			}
		}
	}
	return s, nil
}

// rpo is how far before the failure the first lost entry was acknowledged, in seconds.
func (s sum) rpo(failure time.Time) float64 {
	if s.earliest.IsZero() {
		return 0
	}
	return failure.Sub(s.earliest).Seconds()
}

// report prints the figures that every drill has.
func (w *world) report(s sum, rto time.Duration, rpo float64) {
	prefix := "drill_" + strings.ReplaceAll(w.name, "-", "_")
	w.figures.AtLeast(prefix+"_acknowledged", float64(s.acknowledged), "writes", 1)
	w.figures.AtMost(prefix+"_wrong_rows", float64(s.wrong), "rows", 0)
	w.figures.AtMost(prefix+"_rto", rto.Seconds(), "s", rtoBar)
	w.figures.AtMost(prefix+"_rpo", rpo, "s", rpoBar)
}

// none prints a figure that has to be zero.
func (w *world) none(what string, n int) {
	w.figures.AtMost("drill_"+strings.ReplaceAll(w.name, "-", "_")+"_"+what, float64(n), "", 0)
}

// homeless counts tenants that are not live in exactly the cell that the directory names.
func (w *world) homeless(ctx context.Context, ledgers []*tenantclient.Ledger) (n int, err error) {
	for _, l := range ledgers {
		live, err := w.fleet.Live(ctx, l.Tenant.ID)
		if err != nil {
			return n, err
		}
		home, err := w.fleet.Home(ctx, l.Tenant.ID)
		if err != nil {
			return n, err
		}
		if len(live) != 1 || live[0] != home {
			n++
		}
	}
	return n, nil
}
