package transfer

import (
	"context"
	"errors"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// ImportRows keeps the records of imports. It is an interface because use-cases
// do not know the database.
type ImportRows interface {
	OpenImport(ctx context.Context, i cell.Import, slug tenancy.Slug) (cell.Import, error)
	Import(ctx context.Context, t cell.Transfer) (cell.Import, error)
	PatchImport(ctx context.Context, t cell.Transfer, paused *bool, bytesPerSecond *int64) error
	CloseImport(ctx context.Context, t cell.Transfer, files func(context.Context) (more bool, err error)) (more bool, err error)
	ActivateImport(ctx context.Context, t cell.Transfer, epoch uint64, requestID string) (cell.Fence, error)
}

// ImportProgress is what the control plane waits for.
type ImportProgress interface {
	AwaitImport(ctx context.Context, t cell.Transfer, met func(cell.Import) (bool, error)) error
	RequestVerification(ctx context.Context, t cell.Transfer, changed bool) (int64, error)
	Touched(ctx context.Context, t cell.Transfer) ([]cell.TableRows, error)
	Facts(ctx context.Context) (cell.TransferFacts, error)
}

// Importer is what the control plane asks of a migration's target. The work is
// done by [Runner], in any process of the cell.
type Importer struct {
	Rows     ImportRows
	Progress ImportProgress
	Work     Work
	Contents Contents
	Digester Digester
	Sources  Sources
	Shelf    Shelf
	Wake     func() // has the runner look at once
	Limit    int    // imports at once
}

// Open begins an import, or gives one that is there a new ticket.
func (m Importer) Open(ctx context.Context, i cell.Import, slug tenancy.Slug) (cell.Import, error) {
	if _, err := tenancy.ParseSlug(string(slug)); err != nil {
		return i, fault.New(fault.Invalid, "the request breaks rules of the API").At("/slug", "%v", err)
	}
	if _, err := movable(ctx, m.Contents); err != nil {
		return i, err
	}
	if _, err := m.Rows.Import(ctx, i.Transfer); fault.CodeOf(err) == fault.NotFound {
		facts, err := m.Progress.Facts(ctx)
		if err != nil {
			return i, err
		}
		if facts.ImportsOpen >= m.Limit {
			const pause = 30 * time.Second
			return i, fault.New(fault.Unavailable, "%d imports are open already; wait until one is over", facts.ImportsOpen).After(pause)
		}
	}
	opened, err := m.Rows.OpenImport(ctx, i, slug)
	if err == nil {
		m.Wake()
	}
	return opened, err
}

// Get returns an import.
func (m Importer) Get(ctx context.Context, t cell.Transfer) (cell.Import, error) {
	return m.Rows.Import(ctx, t)
}

// Patch pauses an import, lets it go on or changes its rate.
func (m Importer) Patch(ctx context.Context, t cell.Transfer, paused *bool, bytesPerSecond *int64) (cell.Import, error) {
	if _, err := m.Rows.Import(ctx, t); err != nil {
		return cell.Import{}, err
	}
	if err := m.Rows.PatchImport(ctx, t, paused, bytesPerSecond); err != nil {
		return cell.Import{}, err
	}
	return m.Rows.Import(ctx, t)
}

// Close ends an import, with what it brought unless it was activated.
func (m Importer) Close(ctx context.Context, t cell.Transfer) error {
	for {
		more, err := m.Rows.CloseImport(ctx, t, func(ctx context.Context) (bool, error) { return m.Shelf.RemoveSome(ctx, t.Tenant) })
		if err != nil || !more {
			return err
		}
	}
}

// Activate opens the cell to the tenant.
func (m Importer) Activate(ctx context.Context, t cell.Transfer, epoch uint64, requestID string) (cell.Fence, error) {
	return m.Rows.ActivateImport(ctx, t, epoch, requestID)
}

// Verify has the two sides compared at one position and waits for the outcome.
// With changed only those rows are compared again that changed since the last
// verification, if that found both sides equal; its outcome stands for the others.
func (m Importer) Verify(ctx context.Context, t cell.Transfer, changed bool) (cell.Verification, error) {
	no, err := m.Progress.RequestVerification(ctx, t, changed)
	if err != nil {
		return cell.Verification{}, err
	}
	m.Wake()
	var v cell.Verification
	err = m.Progress.AwaitImport(ctx, t, func(i cell.Import) (bool, error) {
		v = i.Verified
		if i.State != cell.ImportReady {
			return false, fault.New(fault.Conflict, "the import is not ready any more: %s", i.Failure)
		}
		return i.VerifiedNo >= no, nil
	})
	if err == nil && v.Failure != "" {
		err = fault.New(fault.Unavailable, "the two sides could not be compared: %s", v.Failure)
	}
	return v, err
}

// Drained is the outcome of a drain.
type Drained struct {
	Applied   cell.Position
	Rechecked int64 // rows
	Equal     bool
}

// Drain waits until what the source committed before the position is stored
// here. With recheck it then compares what changed since the last verification
// once more with the source, which must be frozen.
func (m Importer) Drain(ctx context.Context, t cell.Transfer, position cell.Position, atMost time.Duration, recheck bool) (Drained, error) {
	drained := Drained{Equal: true}
	waiting, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	var i cell.Import
	err := m.Progress.AwaitImport(waiting, t, func(now cell.Import) (bool, error) {
		i = now
		drained.Applied = now.Applied
		switch {
		case now.State == cell.ImportFailed || now.State == cell.ImportClosing:
			return false, fault.New(fault.Conflict, "the import is over: %s", now.Failure)
		case recheck && (!now.Touching || len(now.Verified.Tables) == 0):
			return false, fault.New(fault.Conflict, "the import was not verified; verify it first")
		}
		return now.Applied >= position, nil
	})
	if errors.Is(waiting.Err(), context.DeadlineExceeded) && ctx.Err() == nil && err != nil {
		err = fault.New(fault.Timeout, "the import stands at %s and did not reach %s in time", drained.Applied, position)
	}
	if err != nil || !recheck {
		return drained, err
	}
	drained.Rechecked, drained.Equal, err = m.recheck(ctx, i)
	return drained, err
}

func (m Importer) recheck(ctx context.Context, i cell.Import) (rows int64, equal bool, err error) {
	if !i.Verified.Equal() {
		return 0, false, nil
	}
	touched, err := m.Progress.Touched(ctx, i.Transfer)
	if err != nil || len(touched) == 0 {
		return 0, err == nil, err
	}
	for _, t := range touched {
		rows += int64(len(t.Keys))
	}
	there := make(chan digested, 1)
	go func() {
		digests, err := readDigests(ctx, m.Sources.Source(i), touched)
		there <- digested{digests, err}
	}()
	tables, err := m.Contents.RecentTables(ctx)
	var here []cell.TableDigest
	if err == nil {
		here, err = m.Digester.DigestRows(ctx, i.Tenant, tables, touched, "")
	}
	source := <-there
	if err := errors.Join(err, source.err); err != nil {
		return rows, false, err
	}
	return rows, sameDigests(here, source.digests), nil
}

type digested struct {
	digests []cell.TableDigest
	err     error
}

func sameDigests(a, b []cell.TableDigest) bool {
	if len(a) != len(b) {
		return false
	}
	byTable := map[string]cell.TableDigest{}
	for _, d := range a {
		byTable[d.Table] = d
	}
	for _, d := range b {
		if byTable[d.Table] != d {
			return false
		}
	}
	return true
}
