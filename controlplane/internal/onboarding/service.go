package onboarding

import (
	"context"
	"crypto/hmac"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/placement"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	workLimit  = 20 * time.Second // of one request, whoever waits for it
	leaseTime  = 30 * time.Second // longer than workLimit
	retryAfter = 5 * time.Second

	// removeNowLimit bounds a first try to remove a cell's rows, which saves
	// them from lying around; the ordered removal is the one that counts.
	removeNowLimit = 2 * time.Second

	placeAgainAfter = 30 * time.Second // when a cell may have come back or been added

	placings = 3 // how often a cell may fill up while it is being chosen
)

// Options is what a service works with; everything is required.
type Options struct {
	Ledger    Ledger
	Steps     Steps
	Cells     Cells
	Tenants   Tenants
	Residence Residence
	Plans     controlplane.Plans
	Master    []byte // key that owners' API keys and request hashes are derived from
	TenantURL string // with {slug}
	Clock     func() time.Time
	Log       *slog.Logger
	Metrics   *Metrics
}

// Service signs tenants up. It is safe for concurrent use.
type Service struct{ Options }

// New returns a service.
func New(opts Options) *Service { return &Service{opts} }

// Result is the answer to a sign-up.
type Result struct {
	Tenant controlplane.Tenant
	URL    string
	APIKey string
}

// SignUp signs a tenant up, finishes what an earlier request with the same key
// began, or repeats its answer. The work goes on if the client hangs up.
func (s *Service) SignUp(ctx context.Context, idempotencyKey string, req controlplane.SignupRequest) (Result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workLimit)
	defer cancel()
	result, err := s.signUp(ctx, idempotencyKey, req)
	s.Metrics.outcome(err)
	return result, err
}

func (s *Service) signUp(ctx context.Context, idempotencyKey string, req controlplane.SignupRequest) (Result, error) {
	if err := req.Check(); err != nil {
		return Result{}, err
	}
	tier, err := s.Plans.Tier(req.Plan)
	if err != nil {
		return Result{}, err
	}
	su, err := s.begin(ctx, idempotencyKey, req, tier)
	if err != nil {
		return Result{}, err
	}
	if su.State == controlplane.SignupReserved {
		if err := s.commit(ctx, su, req); err != nil {
			return Result{}, err
		}
		su.State = controlplane.SignupCommitted
	}
	if su.State == controlplane.SignupCommitted {
		if err := finish(ctx, s.Steps, s.Residence, su); err != nil {
			s.release(ctx, su)
			return Result{}, fault.Wrap(err, fault.Unavailable, "the tenant is nearly ready; repeat the request with the same Idempotency-Key").After(retryAfter)
		}
	}
	return s.answer(ctx, su)
}

// begin returns the sign-up in this worker's hands, or a done one.
func (s *Service) begin(ctx context.Context, idempotencyKey string, req controlplane.SignupRequest, tier string) (controlplane.Signup, error) {
	fresh := controlplane.Signup{ID: uuid.Must(uuid.NewV7()), KeyHash: hashKey(idempotencyKey), RequestHash: hashRequest(s.Master, req)}
	su, found, err := s.Ledger.Find(ctx, fresh.KeyHash)
	switch {
	case err != nil:
		return su, err
	case !found:
		return s.reserve(ctx, fresh, req, tier)
	case !hmac.Equal(su.RequestHash, fresh.RequestHash):
		return su, fault.New(fault.KeyReused, "this Idempotency-Key was used with another request; use a new one")
	}
	switch su.State {
	case controlplane.SignupDone:
		return su, nil
	case controlplane.SignupUndone:
		return s.reserve(ctx, su, req, tier)
	}
	now := s.Clock()
	return s.Ledger.Take(ctx, su, uuid.New(), now, now.Add(leaseTime))
}

// reserve begins the sign-up with a new tenant in the best cell.
func (s *Service) reserve(ctx context.Context, su controlplane.Signup, req controlplane.SignupRequest, tier string) (controlplane.Signup, error) {
	for try := 1; ; try++ {
		cells, err := s.Cells.All(ctx)
		if err != nil {
			return su, err
		}
		now := s.Clock()
		decision, err := placement.Choose(cells, placement.Wish{Region: req.Residency, Tier: tier}, now)
		if err != nil {
			s.Metrics.refused()
			return su, publicRefusal(err)
		}
		su.TenantID, su.Cell, su.State = tenancy.NewID(), decision.Cell.ID, controlplane.SignupReserved
		su.Lease, su.LeaseUntil = uuid.New(), now.Add(leaseTime)
		err = s.Ledger.Reserve(ctx, su, newTenant(su, req, decision.Reason))
		if fault.CodeOf(err) != fault.Stale {
			return su, err
		}
		if try == placings {
			return su, publicRefusal(err)
		}
	}
}

// publicRefusal keeps the cells' names and states, which are no business of
// whoever signs up, in the cause. What the request itself can mend stays public.
func publicRefusal(err error) error {
	if fault.CodeOf(err) == fault.Invalid {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "no cell can take the tenant at the moment; repeat the request with the same Idempotency-Key").After(placeAgainAfter)
}

func newTenant(su controlplane.Signup, req controlplane.SignupRequest, reason string) controlplane.Tenant {
	return controlplane.Tenant{
		Assignment: directory.Assignment{
			TenantID: su.TenantID, Slug: req.Slug, Cell: su.Cell, State: directory.Provisioning, Epoch: firstEpoch, Plan: req.Plan,
		},
		Organization: req.Organization, Residency: req.Residency, PlacementReason: reason,
	}
}

// firstEpoch is every tenant's epoch until it first changes cell.
const firstEpoch = 1

// commit has the cell prepare the tenant, then makes it active in the
// directory. If the cell fails, the sign-up is undone.
func (s *Service) commit(ctx context.Context, su controlplane.Signup, req controlplane.SignupRequest) error {
	resident := controlplane.Resident{
		TenantID: su.TenantID, Slug: req.Slug, Epoch: firstEpoch, Plan: req.Plan, Organization: req.Organization, Owner: req.Owner,
		OwnerKeyHash: controlplane.HashOwnerKey(s.ownerKey(su)),
	}
	if err := s.Residence.Prepare(ctx, su.Cell, resident); err != nil {
		s.undo(ctx, su)
		return fault.Wrap(err, fault.Unavailable, "the tenant's cell did not answer; nothing was kept, try again").After(retryAfter)
	}
	err := s.Steps.Commit(ctx, su)
	if err != nil {
		// Whether it was committed is not known. Whoever takes the sign-up next will see.
		s.release(ctx, su)
	}
	return err
}

// undo frees everything at once. What it cannot do now the sweeper does later,
// so a failure is for the log only.
func (s *Service) undo(ctx context.Context, su controlplane.Signup) {
	err := s.Steps.Undo(ctx, su, s.Clock().Add(removeAfter))
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, removeNowLimit)
		defer cancel()
		err = s.Residence.Remove(ctx, su.Cell, su.TenantID, firstEpoch)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "undoing a sign-up is left to the sweeper", "signup", su.ID, "tenant", su.TenantID, "err", err)
	}
}

func (s *Service) release(ctx context.Context, su controlplane.Signup) {
	if err := s.Ledger.Release(ctx, su, s.Clock()); err != nil {
		s.Log.WarnContext(ctx, "sign-up waits for its lease to end", "signup", su.ID, "tenant", su.TenantID, "err", err)
	}
}

// finish brings a committed sign-up to its end.
func finish(ctx context.Context, steps Steps, residence Residence, su controlplane.Signup) error {
	if err := residence.Activate(ctx, su.Cell, su.TenantID, firstEpoch); err != nil {
		return err
	}
	return steps.Finish(ctx, su)
}

func (s *Service) answer(ctx context.Context, su controlplane.Signup) (Result, error) {
	t, err := s.Tenants.Get(ctx, su.TenantID)
	if err != nil {
		return Result{}, err
	}
	if t.State == directory.Deleted {
		return Result{}, fault.New(fault.Gone, "the tenant was deleted since; use a new Idempotency-Key")
	}
	return Result{Tenant: t, URL: strings.ReplaceAll(s.TenantURL, "{slug}", string(t.Slug)), APIKey: s.ownerKey(su)}, nil
}

func (s *Service) ownerKey(su controlplane.Signup) string {
	return controlplane.OwnerKey(s.Master, su.TenantID, "signup:"+su.ID.String())
}
