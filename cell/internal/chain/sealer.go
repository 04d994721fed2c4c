package chain

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Grace is how much older than the newest sealed row a row may be and still get
// a place: far longer than any transaction takes.
const Grace = time.Hour

// Bounds of one turn.
const (
	overlap     = 2 * time.Second // how far before the last look rows are looked for: transactions end late
	newRows     = 2000
	sweepPage   = 50   // tenants
	backlogRows = 1000 // of one tenant
	extendMost  = 64   // tenants in one transaction
)

// What costs more is done less often: every look passes all rows of its time, sealed
// or not.
const (
	wideOverlap = 30 * time.Second // for transactions that take long
	wideEvery   = 5 * time.Second
	visitEvery  = time.Minute // one tenant, for rows as old as Grace
)

// Ledger is the audit log and its chain, of all tenants that the cell may
// write. It is an interface because use-cases do not know the database.
type Ledger interface {
	// LeadSealing returns nil without an error while another process seals.
	LeadSealing(ctx context.Context) (Leadership, error)
	// NewRows returns rows without a place that were written within the window,
	// the oldest first, up to limit in all.
	NewRows(ctx context.Context, window time.Duration, limit int) ([]cell.AuditBatch, error)
	// Backlog returns every row without a place, up to limit a tenant and except
	// those that are too old by grace, the least ids first; and an empty batch
	// where only a checkpoint may be due.
	Backlog(ctx context.Context, tenants []tenancy.ID, limit int, grace time.Duration) ([]cell.AuditBatch, error)
	// LiveTenants lists tenants after the given one, in the order of ids.
	LiveTenants(ctx context.Context, after tenancy.ID, limit int) ([]cell.Resident, error)
	// ExtendChains writes what seal makes of the batches, behind each tenant's
	// fence, all or nothing. Tenants that may not be written now are left out.
	ExtendChains(ctx context.Context, batches []cell.AuditBatch, seal func(cell.ChainEnd, cell.AuditBatch) cell.Extension) error
}

// Leadership is the right to seal.
type Leadership interface {
	Held(ctx context.Context) error // an error: it is lost
	Resign()
}

// Sealer gives audit rows their place in the chain.
type Sealer struct {
	Ledger   Ledger
	Signer   *Signer
	Interval time.Duration // between turns
	Log      *slog.Logger
	Sealed   prometheus.Counter
	Events   func(cell.ChainEnd, []cell.AuditRow) []cell.Delivery // what is told of the rows that are sealed
}

// NewCounter returns the metric of rows that got a place.
func NewCounter(registry prometheus.Registerer) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "cell_audit_sealed_total", Help: "Audit rows that got their place in a hash chain."})
	registry.MustRegister(c)
	return c
}

// RunOnce seals until leadership or the database is lost, or returns at once if
// another process seals.
func (s Sealer) RunOnce(ctx context.Context) error {
	leadership, err := s.Ledger.LeadSealing(ctx)
	if err != nil || leadership == nil {
		return err
	}
	defer leadership.Resign()
	s.Log.InfoContext(ctx, "sealing the audit log")
	round := &round{Sealer: s, caughtUp: map[tenancy.ID]uint64{}, visits: map[tenancy.ID]visit{}, looked: time.Now()}
	timer := time.NewTicker(s.Interval)
	defer timer.Stop()
	for {
		if err := leadership.Held(ctx); err != nil {
			return err
		}
		more, err := round.turn(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// round is one leadership.
type round struct {
	Sealer
	looked   time.Time             // until when every new row was seen
	wide     time.Time             // when a look last went back by the wide overlap
	swept    tenancy.ID            // the sweep's place
	caughtUp map[tenancy.ID]uint64 // at this epoch, nothing older than the new rows was left without a place
	visits   map[tenancy.ID]visit
}

// visit is when a sweep last looked through a tenant's rows.
type visit struct {
	epoch uint64 // that the tenant had then: who comes from another cell brings rows along
	at    time.Time
}

// turn seals what is new, and looks through some tenants for what is not: rows
// that the tenant brought along, or that waited while it was frozen. It reports
// whether there is more to do at once.
func (r *round) turn(ctx context.Context) (bool, error) {
	begun := time.Now()
	back, wide := overlap, begun.Sub(r.wide) >= wideEvery
	if wide {
		back = wideOverlap
	}
	batches, err := r.Ledger.NewRows(ctx, min(begun.Sub(r.looked)+back, Grace), newRows)
	if err != nil {
		return false, fmt.Errorf("find new audit rows: %w", err)
	}
	found := 0
	for _, b := range batches {
		found += len(b.Rows)
	}
	if batches, err = r.complete(ctx, batches); err != nil {
		return false, err
	}
	if err := r.extend(ctx, batches); err != nil {
		return false, err
	}
	if found == newRows {
		return true, nil
	}
	if r.looked = begun; wide {
		r.wide = begun
	}
	return false, r.sweep(ctx, begun)
}

// complete replaces the new rows of tenants that may have older ones without a
// place by all of them: what is sealed before those would make them too old.
func (r *round) complete(ctx context.Context, batches []cell.AuditBatch) ([]cell.AuditBatch, error) {
	var known []cell.AuditBatch
	var unknown []tenancy.ID
	for _, b := range batches {
		if r.caughtUp[b.Tenant] == b.Epoch {
			known = append(known, b)
		} else {
			unknown = append(unknown, b.Tenant)
		}
	}
	whole, err := r.backlog(ctx, unknown)
	return append(known, whole...), err
}

// sweep looks through the next tenants, except those that were looked through a
// moment ago. Around the last one it begins again.
func (r *round) sweep(ctx context.Context, now time.Time) error {
	tenants, err := r.Ledger.LiveTenants(ctx, r.swept, sweepPage)
	if err != nil {
		return fmt.Errorf("list tenants: %w", err)
	}
	if len(tenants) == sweepPage {
		r.swept = tenants[sweepPage-1].Tenant
	} else {
		r.swept = tenancy.ID{}
		maps.DeleteFunc(r.visits, func(_ tenancy.ID, v visit) bool { return now.Sub(v.at) >= visitEvery }) // some have gone
	}
	visits := map[tenancy.ID]visit{}
	var due []tenancy.ID
	for _, t := range tenants {
		if last := r.visits[t.Tenant]; last.epoch != t.Epoch || now.Sub(last.at) >= visitEvery {
			due, visits[t.Tenant] = append(due, t.Tenant), visit{t.Epoch, now}
		}
	}
	batches, err := r.backlog(ctx, due)
	if err != nil {
		return err
	}
	for _, b := range batches {
		if !b.Whole {
			delete(visits, b.Tenant) // there are more: it is visited again
		}
	}
	if err := r.extend(ctx, batches); err != nil {
		return err
	}
	maps.Copy(r.visits, visits)
	return nil
}

func (r *round) backlog(ctx context.Context, tenants []tenancy.ID) ([]cell.AuditBatch, error) {
	if len(tenants) == 0 {
		return nil, nil
	}
	batches, err := r.Ledger.Backlog(ctx, tenants, backlogRows, Grace)
	if err != nil {
		return nil, fmt.Errorf("find older audit rows: %w", err)
	}
	return batches, nil
}

func (r *round) extend(ctx context.Context, batches []cell.AuditBatch) error {
	for len(batches) > 0 {
		part := batches[:min(extendMost, len(batches))]
		batches = batches[len(part):]
		sealed := 0
		err := r.Ledger.ExtendChains(ctx, part, func(end cell.ChainEnd, b cell.AuditBatch) cell.Extension {
			extension := r.Signer.Seal(end, b)
			extension.Deliveries = r.Events(end, extension.Rows)
			sealed += len(extension.Links)
			return extension
		})
		if err != nil {
			return fmt.Errorf("seal audit rows: %w", err)
		}
		r.Sealed.Add(float64(sealed))
		for _, b := range part {
			if b.Whole {
				r.caughtUp[b.Tenant] = b.Epoch
			}
		}
	}
	return nil
}
