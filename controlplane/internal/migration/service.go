package migration

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/placement"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Service is what operators do with migrations.
type Service struct {
	Records      Records
	Orders       Orders
	Certificates Certificates
	Windows      Windows
	Parties      Parties
	Tenants      Tenants
	Cells        Cells
	Plans        controlplane.Plans
	Key          *controlplane.CertificateKey
	Clock        func() time.Time
	Wake         func() // tells this replica's worker; may be nil
}

// Request asks for one move. An empty target lets placement choose.
type Request struct {
	Tenant tenancy.ID
	Target string
	Terms  controlplane.MigrationTerms
}

// Plan is what a move would be.
type Plan struct {
	Tenant   controlplane.Tenant
	Target   string
	Reason   string // of placement, if it chose
	Size     controlplane.TenantSize
	Duration time.Duration // estimate
}

// Check says what a move would carry, or why it cannot be; nothing changes.
func (s Service) Check(ctx context.Context, r Request) (Plan, error) {
	if err := r.Terms.Check(s.Clock()); err != nil {
		return Plan{}, err
	}
	t, err := s.Tenants.Get(ctx, r.Tenant)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Tenant: t, Target: r.Target}
	if err := s.notMoving(ctx, t); err != nil {
		return plan, err
	}
	if plan.Target == "" {
		if plan.Target, plan.Reason, err = s.choose(ctx, t); err != nil {
			return plan, err
		}
	}
	plan.Size, err = checker{s.Parties, s.Parties, s.Cells, s.Clock}.check(ctx, t, plan.Target, false)
	plan.Duration = estimate(plan.Size.Bytes, r.Terms.BytesPerSecond)
	return plan, err
}

func (s Service) notMoving(ctx context.Context, t controlplane.Tenant) error {
	open, err := s.Records.List(ctx, controlplane.MigrationFilter{Tenant: &t.TenantID, Open: true}, controlplane.Page{Limit: 1})
	if err == nil && len(open) > 0 {
		m := open[0]
		err = fault.New(fault.Conflict, "the tenant's migration %s from %s to %s is %s; a second one can begin when it is over", m.ID, m.Source, m.Target, m.Phase)
	}
	return err
}

// choose has placement find a target: never the tenant's own cell, in the
// region where the tenant must be, or is.
func (s Service) choose(ctx context.Context, t controlplane.Tenant) (cell, reason string, err error) {
	cells, err := s.Cells.All(ctx)
	if err != nil {
		return "", "", err
	}
	return s.chooseAmong(cells, t)
}

func (s Service) chooseAmong(cells []controlplane.Cell, t controlplane.Tenant) (cell, reason string, err error) {
	tier, err := s.Plans.Tier(t.Plan)
	if err != nil {
		return "", "", err
	}
	var others []controlplane.Cell
	for _, c := range cells {
		if c.ID != t.Cell {
			others = append(others, c)
		}
	}
	region := t.Residency
	if region == "" {
		region = t.Region
	}
	decision, err := placement.Choose(others, placement.Wish{Region: region, Tier: tier}, s.Clock())
	if fault.CodeOf(err) == fault.Invalid { // no other cell there at all
		err = fault.New(fault.Conflict, "no other cell is in %s", region)
	}
	return decision.Cell.ID, decision.Reason, err
}

// Create begins a migration; a worker goes on with it, whoever asked hangs up.
func (s Service) Create(ctx context.Context, r Request) (controlplane.Migration, error) {
	plan, err := s.Check(ctx, r)
	if err != nil {
		return controlplane.Migration{}, err
	}
	return s.create(ctx, plan, r.Terms, uuid.Nil)
}

func (s Service) create(ctx context.Context, plan Plan, terms controlplane.MigrationTerms, batch uuid.UUID) (controlplane.Migration, error) {
	t := plan.Tenant
	m := controlplane.Migration{
		ID: uuid.Must(uuid.NewV7()), TenantID: t.TenantID, Slug: t.Slug, Source: t.Cell, Target: plan.Target, Epoch: t.Epoch,
		Phase: controlplane.MigrationPlanned, Batch: batch, Terms: terms,
	}
	m.Record.Size = plan.Size
	m.Enter(controlplane.StageWaiting, s.Clock().UTC())
	m, err := s.Records.Create(ctx, m)
	if fault.CodeOf(err) == fault.Stale {
		err = fault.Wrap(err, fault.Conflict, "the cell %s receives no more tenants at the moment", plan.Target).At("/target", "choose another cell")
	}
	s.wake(err)
	return m, err
}

func (s Service) wake(err error) {
	if err == nil && s.Wake != nil {
		s.Wake()
	}
}

// Get returns one migration.
func (s Service) Get(ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
	return s.Records.Get(ctx, id)
}

// List returns a page of migrations, newest first.
func (s Service) List(ctx context.Context, f controlplane.MigrationFilter, page controlplane.Page) ([]controlplane.Migration, error) {
	return s.Records.List(ctx, f, page)
}

// Pause stops a migration before its cutover until it is resumed; the stream goes on.
func (s Service) Pause(ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
	m, err := s.Orders.SetPaused(ctx, id, true, "migration.pause")
	s.wake(err)
	return m, err
}

// Resume lets a paused migration go on.
func (s Service) Resume(ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
	m, err := s.Orders.SetPaused(ctx, id, false, "migration.resume")
	s.wake(err)
	return m, err
}

// Throttle bounds the copy, in bytes a second; 0 unbinds it.
func (s Service) Throttle(ctx context.Context, id uuid.UUID, bytesPerSecond int64) (controlplane.Migration, error) {
	m, err := s.Orders.SetRate(ctx, id, bytesPerSecond)
	s.wake(err)
	return m, err
}

// Abort ends a migration that is not committed, as if it had not been; or gives
// up a rollback that is not committed, so that the tenant stays in its target.
func (s Service) Abort(ctx context.Context, id uuid.UUID, reason string) (controlplane.Migration, error) {
	m, err := s.Records.Get(ctx, id)
	if err != nil {
		return m, err
	}
	if reason == "" {
		reason = "an operator ended it"
	}
	switch m.Phase {
	case controlplane.MigrationReturning:
		m, err = s.Orders.Order(ctx, id, controlplane.MigrationKeeping, "migration.keep", controlplane.Unwanted, reason)
	case controlplane.MigrationAborting, controlplane.MigrationAborted:
		return m, nil
	case controlplane.MigrationPlanned, controlplane.MigrationCopying:
		m, err = s.Orders.Order(ctx, id, controlplane.MigrationAborting, "migration.abort", controlplane.Unwanted, reason)
	default:
		err = fault.New(fault.Conflict, "the migration is %s: the tenant has moved; it can be rolled back within its window, not aborted", m.Phase)
	}
	s.wake(err)
	return m, err
}

// Rollback moves the tenant back within the window; no write is lost.
func (s Service) Rollback(ctx context.Context, id uuid.UUID, reason string) (controlplane.Migration, error) {
	m, err := s.Records.Get(ctx, id)
	switch {
	case err != nil:
		return m, err
	case m.Phase == controlplane.MigrationReturning:
		return m, nil
	case m.Phase != controlplane.MigrationSettling:
		return m, fault.New(fault.Conflict, "the migration is %s; only in its rollback window can it be rolled back", m.Phase)
	case m.Terms.RollbackWindow == 0 || !s.Clock().Before(m.WindowUntil):
		return m, fault.New(fault.Conflict, "the rollback window is over; move the tenant back with a new migration")
	}
	m, err = s.Orders.Order(ctx, id, controlplane.MigrationReturning, "migration.rollback", "", reason)
	s.wake(err)
	return m, err
}

// EndWindow ends the rollback window now, and lets the source be cleaned up.
func (s Service) EndWindow(ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
	m, err := s.Records.Get(ctx, id)
	if err != nil || m.Phase == controlplane.MigrationCleaning || m.Phase == controlplane.MigrationCompleted {
		return m, err
	}
	if m.Phase != controlplane.MigrationSettling {
		return m, fault.New(fault.Conflict, "the migration is %s; it has no rollback window to end", m.Phase)
	}
	m, err = s.Orders.Order(ctx, id, controlplane.MigrationCleaning, "migration.finish", "", "")
	s.wake(err)
	return m, err
}

// Certificate returns the signed certificate of a migration, as JSON.
func (s Service) Certificate(ctx context.Context, id uuid.UUID) ([]byte, error) {
	return s.Certificates.Certificate(ctx, id)
}

// receives reports whether a cell may be a target.
func receives(c controlplane.Cell, now time.Time) bool {
	return c.State == directory.CellActive && c.Healthy(now)
}
