package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// ExportRows keeps the records of exports. It is an interface because use-cases
// do not know the database.
type ExportRows interface {
	BeginExport(ctx context.Context, e cell.Export, limits cell.ExportLimits) (cell.Export, error)
	Export(ctx context.Context, t cell.Transfer) (cell.Export, error)
	ExportMade(ctx context.Context, t cell.Transfer, position cell.Position, snapshot cell.Snapshot) error
	SnapshotTaken(ctx context.Context, t cell.Transfer, snapshot cell.Snapshot) error
	ForgetExport(ctx context.Context, t cell.Transfer) error
}

// Contacts notes who asks for exports, and finds those that nobody does; apart
// from ExportRows for its size only.
type Contacts interface {
	Acknowledge(ctx context.Context, t cell.Transfer, position cell.Position) error
	ExportSeen(ctx context.Context, t cell.Transfer) error
	FailExports(ctx context.Context, maxBytes int64, unseen time.Duration) (int64, error)
	Exports(ctx context.Context) ([]cell.Export, error)
}

// Publications makes and drops what an export needs in the database.
type Publications interface {
	MakeExport(ctx context.Context, t cell.Transfer, fn func() error) error
	OpenPublication(ctx context.Context, e cell.Export, tables []cell.Table) error
	DropStray(ctx context.Context) (int, error)
}

// Logs finds the log that carries a tenant's changes. It is an interface because
// use-cases do not know how many servers a database has.
type Logs interface {
	LogOf(ctx context.Context, id tenancy.ID) (Log, error)
}

// Log speaks the replication protocol. It is an interface because use-cases do
// not know the network.
type Log interface {
	MakeSlot(ctx context.Context, name string) (cell.HeldSnapshot, error)
	TakeSnapshot(ctx context.Context, name string) (cell.HeldSnapshot, error)
	Stream(ctx context.Context, slot string, from cell.Position, sink cell.ChangeSink, acknowledged func(context.Context) (cell.Position, error)) error
}

// Contents reads what a tenant has.
type Contents interface {
	Tables(ctx context.Context) ([]cell.Table, error)
	RecentTables(ctx context.Context) ([]cell.Table, error) // may be some seconds old
	Facts(ctx context.Context) (cell.TransferFacts, error)
	TenantSize(ctx context.Context, id tenancy.ID) (cell.TenantSize, error)
	CopyTable(ctx context.Context, id tenancy.ID, t cell.Table, snapshot string, from []string, sink cell.ChunkSink) error
}

// Digester sums up what a tenant has.
type Digester interface {
	DigestTables(ctx context.Context, id tenancy.ID, tables []cell.Table, snapshot string, begun func() error, each func(cell.TableDigest) error) error
	DigestRows(ctx context.Context, id tenancy.ID, tables []cell.Table, rows []cell.TableRows, snapshot string) ([]cell.TableDigest, error)
}

// Exporter is the source's half of a migration. Its zero value but for the
// first fields is ready.
type Exporter struct {
	Rows         ExportRows
	Contacts     Contacts
	Publications Publications
	Logs         Logs
	Contents     Contents
	Digester     Digester
	Shelf        Shelf
	Log          *slog.Logger
	Limits       cell.ExportLimits
	MaxRetained  int64         // bytes of log that the server may keep for one export
	Unseen       time.Duration // an export that nobody asked for in so long has failed

	mu   sync.Mutex
	held map[uuid.UUID]cell.HeldSnapshot // by migration
}

// movable returns the tables, or why no tenant can move.
func movable(ctx context.Context, contents Contents) ([]cell.Table, error) {
	tables, err := contents.Tables(ctx)
	if err != nil {
		return nil, err
	}
	if problems := problemsOf(tables); len(problems) > 0 {
		return nil, fault.New(fault.Conflict, "%s", strings.Join(problems, "; "))
	}
	return tables, nil
}

func problemsOf(tables []cell.Table) []string {
	var problems []string
	for _, t := range tables {
		if t.Problem != "" {
			problems = append(problems, t.Problem)
		}
	}
	return problems
}

// Open makes the export: its publication first, so that the slot knows it, then
// the slot. One that is open is returned as it is.
func (x *Exporter) Open(ctx context.Context, e cell.Export) (cell.Export, error) {
	tables, err := movable(ctx, x.Contents)
	if err != nil {
		return cell.Export{}, err
	}
	facts, err := x.Contents.Facts(ctx)
	if err != nil {
		return cell.Export{}, err
	}
	if facts.Rebalancing {
		const pause = time.Minute
		return cell.Export{}, fault.New(fault.Unavailable, "shards are being moved between the database's nodes; wait until that is over").After(pause)
	}
	begun, err := x.Rows.BeginExport(ctx, e, x.Limits)
	if err != nil || begun.State != cell.ExportMaking {
		return begun, err
	}
	if err := x.Publications.MakeExport(ctx, e.Transfer, func() error { return x.make(ctx, begun, tables) }); err != nil {
		return cell.Export{}, err
	}
	return x.Rows.Export(ctx, e.Transfer)
}

func (x *Exporter) make(ctx context.Context, e cell.Export, tables []cell.Table) error {
	if err := x.Publications.OpenPublication(ctx, e, tables); err != nil {
		return err
	}
	log, err := x.Logs.LogOf(ctx, e.Tenant)
	if err != nil {
		return err
	}
	held, err := log.MakeSlot(ctx, e.Slot)
	if err != nil {
		return err
	}
	position, snapshot := held.Taken().Position, held.Taken()
	if e.Reverse {
		held.Close()
		snapshot = cell.Snapshot{}
	} else {
		x.hold(e.Migration, held)
	}
	return x.Rows.ExportMade(ctx, e.Transfer, position, snapshot)
}

// Get returns an export.
func (x *Exporter) Get(ctx context.Context, t cell.Transfer) (cell.Export, error) {
	e, err := x.Rows.Export(ctx, t)
	if err != nil || e.State != cell.ExportOpen {
		return e, err
	}
	err = x.Contacts.ExportSeen(ctx, t)
	if fault.CodeOf(err) == fault.Gone { // it has failed since it was read
		return x.Rows.Export(ctx, t)
	}
	return e, err
}

// Close ends the export and drops everything that was made for it.
func (x *Exporter) Close(ctx context.Context, t cell.Transfer) error {
	if err := x.Rows.ForgetExport(ctx, t); err != nil {
		return err
	}
	x.release(t.Migration)
	_, err := x.Publications.DropStray(ctx)
	return err
}

// open returns the export if it can be read from.
func (x *Exporter) open(ctx context.Context, t cell.Transfer) (cell.Export, error) {
	e, err := x.Rows.Export(ctx, t)
	switch {
	case err != nil:
		return e, err
	case e.State == cell.ExportFailed:
		return e, fault.New(fault.Gone, "the export failed: %s", e.Failure)
	case e.Broken != "":
		return e, fault.New(fault.Gone, "the export is broken: %s", e.Broken)
	case e.State == cell.ExportMaking || !e.Begun:
		return e, fault.New(fault.Unavailable, "the export has not begun yet").After(time.Second)
	}
	return e, nil
}

// Snapshot returns the snapshot that the export holds. If it is gone, with the
// process that held it, another one is taken.
func (x *Exporter) Snapshot(ctx context.Context, t cell.Transfer) (cell.Snapshot, error) {
	e, err := x.open(ctx, t)
	if err != nil {
		return cell.Snapshot{}, err
	}
	if e.Reverse {
		return cell.Snapshot{}, fault.New(fault.Conflict, "a reverse export has no snapshot")
	}
	if e.Snapshot.Name != "" && x.usable(ctx, e) {
		return e.Snapshot, nil
	}
	held, err := x.takeSnapshot(ctx, t.Tenant)
	if err != nil {
		return cell.Snapshot{}, err
	}
	if err := x.Rows.SnapshotTaken(ctx, t, held.Taken()); err != nil {
		held.Close()
		return cell.Snapshot{}, err
	}
	x.hold(t.Migration, held)
	x.Log.InfoContext(ctx, "took another snapshot for a migration", "tenant", t.Tenant, "migration", t.Migration, "position", held.Taken().Position)
	return held.Taken(), nil
}

func (x *Exporter) takeSnapshot(ctx context.Context, id tenancy.ID) (cell.HeldSnapshot, error) {
	log, err := x.Logs.LogOf(ctx, id)
	if err != nil {
		return nil, err
	}
	return log.TakeSnapshot(ctx, "snapshot_"+strings.ReplaceAll(uuid.NewString(), "-", ""))
}

// usable reports whether the recorded snapshot can be read under, whoever holds
// it. A copy of no table is the test.
func (x *Exporter) usable(ctx context.Context, e cell.Export) bool {
	err := x.Digester.DigestTables(ctx, e.Tenant, nil, e.Snapshot.Name, func() error { return nil }, nil)
	return err == nil
}

func (x *Exporter) hold(migration uuid.UUID, held cell.HeldSnapshot) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.held == nil {
		x.held = map[uuid.UUID]cell.HeldSnapshot{}
	}
	if old := x.held[migration]; old != nil {
		old.Close()
	}
	x.held[migration] = held
}

func (x *Exporter) release(migration uuid.UUID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if held := x.held[migration]; held != nil {
		held.Close()
		delete(x.held, migration)
	}
}

// CloseAll releases every snapshot; the process ends.
func (x *Exporter) CloseAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, held := range x.held {
		held.Close()
	}
	x.held = nil
}

// Sweep fails exports that fell behind or that nobody wants, drops what no
// export owns, and releases snapshots that are not needed any more. It is one
// turn of a timer; every process of the cell may run it.
func (x *Exporter) Sweep(ctx context.Context) error {
	failed, err := x.Contacts.FailExports(ctx, x.MaxRetained, x.Unseen)
	dropped, dropErr := x.Publications.DropStray(ctx)
	if failed > 0 || dropped > 0 {
		x.Log.WarnContext(ctx, "cleaned up after exports", "failed", failed, "slots_dropped", dropped)
	}
	exports, listErr := x.Contacts.Exports(ctx)
	if listErr == nil {
		x.releaseUnneeded(exports)
	}
	return errors.Join(err, dropErr, listErr)
}

func (x *Exporter) releaseUnneeded(exports []cell.Export) {
	needed := map[uuid.UUID]string{}
	for _, e := range exports {
		if e.State != cell.ExportMaking { // one that is being made is not recorded yet
			needed[e.Migration] = e.Snapshot.Name
		} else {
			needed[e.Migration] = "?"
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for migration, held := range x.held {
		if name := needed[migration]; name != held.Taken().Name && name != "?" {
			held.Close()
			delete(x.held, migration)
		}
	}
}

// CopyTable writes the tenant's rows of a table; see [cell.ChunkSink].
func (x *Exporter) CopyTable(ctx context.Context, t cell.Transfer, table, snapshot string, from []string, sink cell.ChunkSink) error {
	e, err := x.open(ctx, t)
	if err != nil {
		return err
	}
	if e.Snapshot.Name != snapshot {
		return fault.New(fault.Gone, "the snapshot is gone; take another one")
	}
	tables, err := x.Contents.RecentTables(ctx)
	if err != nil {
		return err
	}
	for _, found := range tables {
		if found.Name == table && found.Class == cell.ClassTenant && found.Problem == "" {
			if len(from) > 0 && len(from) != len(found.Key) {
				return fault.New(fault.Invalid, "the request breaks rules of the API").At("from", "give the %d values of the key", len(found.Key))
			}
			return x.Contents.CopyTable(ctx, t.Tenant, found, snapshot, from, sink)
		}
	}
	return fault.New(fault.NotFound, "no table of that name moves")
}

// seenEvery is how often a stream says that its export is wanted.
const seenEvery = 10 * time.Second

// HeadSink is a ChangeSink that is also told where the log ends.
type HeadSink interface {
	cell.ChangeSink
	Head(position cell.Position) error
}

// Changes streams the tenant's changes to the sink until ctx ends or the export
// does. Transactions that were committed before after are left out; 0 is where
// the export begins, which the sink is told first.
func (x *Exporter) Changes(ctx context.Context, t cell.Transfer, after cell.Position, sink HeadSink) error {
	e, err := x.open(ctx, t)
	if err != nil {
		return err
	}
	if after == 0 {
		after = e.Position
	}
	if after < e.Acknowledged {
		return fault.New(fault.Gone, "the target has acknowledged %s; what came before is not kept", e.Acknowledged)
	}
	if err := errors.Join(sink.Reached(after), sink.Head(e.Head), sink.Flush()); err != nil {
		return err
	}
	log, err := x.Logs.LogOf(ctx, t.Tenant)
	if err != nil {
		return err
	}
	var seen time.Time
	err = log.Stream(ctx, e.Slot, after, sink, func(ctx context.Context) (cell.Position, error) {
		e, err := x.open(ctx, t)
		if err != nil {
			return 0, err
		}
		if time.Since(seen) > seenEvery {
			seen = time.Now()
			if err := x.Contacts.ExportSeen(ctx, t); err != nil {
				return 0, err
			}
		}
		return e.Acknowledged, errors.Join(sink.Head(e.Head), sink.Flush())
	})
	if _, lost := x.open(context.WithoutCancel(ctx), t); fault.CodeOf(lost) == fault.Gone {
		return lost
	}
	return err
}

// Acknowledge says what the target has stored.
func (x *Exporter) Acknowledge(ctx context.Context, t cell.Transfer, position cell.Position) error {
	return x.Contacts.Acknowledge(ctx, t, position)
}

// Digests digests every table as it was at one position, which at is told first.
func (x *Exporter) Digests(ctx context.Context, t cell.Transfer, at func(cell.Position) error, each func(cell.TableDigest) error) error {
	if _, err := x.open(ctx, t); err != nil {
		return err
	}
	tables, err := movable(ctx, x.Contents)
	if err != nil {
		return err
	}
	held, err := x.takeSnapshot(ctx, t.Tenant)
	if err != nil {
		return err
	}
	var once sync.Once
	release := func() { once.Do(held.Close) }
	defer release()
	err = x.Digester.DigestTables(ctx, t.Tenant, tables, held.Taken().Name, func() error {
		release() // the reading transaction has taken the snapshot over, and the slot costs
		return at(held.Taken().Position)
	}, each)
	if err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	return nil
}

// DigestRows digests some rows: as they are now, or if at is not nil as they were
// at one position, which it is told first.
func (x *Exporter) DigestRows(ctx context.Context, t cell.Transfer, rows []cell.TableRows, at func(cell.Position) error) ([]cell.TableDigest, error) {
	if _, err := x.open(ctx, t); err != nil {
		return nil, err
	}
	tables, err := x.Contents.RecentTables(ctx)
	if err != nil {
		return nil, err
	}
	if at == nil {
		return x.Digester.DigestRows(ctx, t.Tenant, tables, rows, "")
	}
	held, err := x.takeSnapshot(ctx, t.Tenant)
	if err != nil {
		return nil, err
	}
	defer held.Close()
	if err := at(held.Taken().Position); err != nil {
		return nil, err
	}
	return x.Digester.DigestRows(ctx, t.Tenant, tables, rows, held.Taken().Name)
}
