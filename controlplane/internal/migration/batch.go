package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

const (
	// MostMoves bounds one drain or rebalance; what is left is left for the next.
	MostMoves = 1000

	tenantPage = 1000
)

// BatchRequest asks for many moves.
type BatchRequest struct {
	Cell     string // to drain; with a rebalance the only source, or "" for any
	MaxMoves int    // 0: MostMoves
	Terms    controlplane.MigrationTerms
}

// Move is one of a plan.
type Move struct {
	Tenant controlplane.Tenant
	Target string
	Reason string
}

// Obstacle is a tenant that has to stay.
type Obstacle struct {
	Tenant controlplane.Tenant
	Why    string
}

// BatchPlan is what a drain or rebalance does.
type BatchPlan struct {
	Batch     uuid.UUID // zero if it is only a plan
	Moves     []Move
	Obstacles []Obstacle
	More      bool // there are more tenants than one plan takes
}

// PlanDrain says where each of a cell's tenants would go. Nothing changes.
func (s Service) PlanDrain(ctx context.Context, r BatchRequest) (BatchPlan, error) {
	if err := r.Terms.Check(s.Clock()); err != nil {
		return BatchPlan{}, err
	}
	if _, err := s.Cells.Get(ctx, r.Cell); err != nil {
		return BatchPlan{}, err
	}
	cells, err := s.Cells.All(ctx)
	if err != nil {
		return BatchPlan{}, err
	}
	plan := BatchPlan{}
	err = s.eachTenant(ctx, r.Cell, func(t controlplane.Tenant) bool {
		plan.More = len(plan.Moves) == r.most()
		if !plan.More {
			s.place(&plan, cells, t, anyCell)
		}
		return !plan.More
	})
	return plan, err
}

func anyCell(controlplane.Cell) bool { return true }

// place adds a move to one of the cells that may take the tenant, and counts it
// there, so that a plan fills no cell beyond its capacity.
func (s Service) place(plan *BatchPlan, cells []controlplane.Cell, t controlplane.Tenant, may func(controlplane.Cell) bool) {
	var candidates []controlplane.Cell
	for _, c := range cells {
		if may(c) {
			candidates = append(candidates, c)
		}
	}
	target, reason, err := s.chooseAmong(candidates, t)
	if err == nil && t.State != directory.Active && t.State != directory.Suspended {
		err = fault.New(fault.Conflict, "it is %s", t.State)
	}
	if err != nil {
		if len(plan.Obstacles) < MostMoves {
			plan.Obstacles = append(plan.Obstacles, Obstacle{t, publicText(err)})
		}
		return
	}
	cells[slices.IndexFunc(cells, func(c controlplane.Cell) bool { return c.ID == target })].AssignedTenants++
	plan.Moves = append(plan.Moves, Move{t, target, reason})
}

func (r BatchRequest) most() int {
	if r.MaxMoves > 0 {
		return min(r.MaxMoves, MostMoves)
	}
	return MostMoves
}

// eachTenant shows the tenants of a cell to fn, until it has enough.
func (s Service) eachTenant(ctx context.Context, cell string, fn func(controlplane.Tenant) bool) error {
	page := controlplane.Page{Limit: tenantPage}
	for {
		tenants, err := s.Tenants.List(ctx, controlplane.TenantFilter{Cell: cell}, page)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			if !fn(t) {
				return nil
			}
		}
		if len(tenants) < page.Limit {
			return nil
		}
		page.After = tenants[len(tenants)-1].TenantID.String()
	}
}

// Drain marks the cell as draining and begins the planned moves.
func (s Service) Drain(ctx context.Context, r BatchRequest) (BatchPlan, error) {
	plan, err := s.PlanDrain(ctx, r)
	if err != nil {
		return plan, err
	}
	c, err := s.Cells.Get(ctx, r.Cell)
	if err == nil && c.State != directory.CellDraining {
		_, err = s.Cells.SetState(ctx, r.Cell, directory.CellDraining, "")
	}
	if err != nil {
		return plan, err
	}
	return s.begin(ctx, plan, r.Terms)
}

// PlanRebalance says which tenants would leave the fullest cells for the
// emptiest, within region and tier, until their shares of used places are close.
func (s Service) PlanRebalance(ctx context.Context, r BatchRequest) (BatchPlan, error) {
	if err := r.Terms.Check(s.Clock()); err != nil {
		return BatchPlan{}, err
	}
	cells, err := s.Cells.All(ctx)
	if err != nil {
		return BatchPlan{}, err
	}
	plan := BatchPlan{}
	for _, source := range overfull(cells, r.Cell, s.Clock()) {
		if err := s.relieve(ctx, &plan, cells, source, r.most()); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

// tolerance is how far apart two cells' shares of used places may be.
const tolerance = 0.05

func used(c controlplane.Cell) float64 {
	if c.CapacityTenants == 0 {
		return 1
	}
	return float64(c.AssignedTenants) / float64(c.CapacityTenants)
}

// overfull lists the cells that are fuller than another one which could take
// their tenants, the fullest first.
func overfull(cells []controlplane.Cell, only string, now time.Time) []string {
	var found []controlplane.Cell
	for _, c := range cells {
		if only != "" && c.ID != only || c.State != directory.CellActive {
			continue
		}
		if slices.ContainsFunc(cells, func(o controlplane.Cell) bool { return relieves(o, c, now) }) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b controlplane.Cell) int {
		if used(a) > used(b) {
			return -1
		}
		return 1
	})
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	return ids
}

func relieves(o, c controlplane.Cell, now time.Time) bool {
	return o.ID != c.ID && o.Region == c.Region && o.Tier == c.Tier && receives(o, now) && used(c)-used(o) > tolerance
}

// relieve plans moves out of one cell, as long as there is one to go to.
func (s Service) relieve(ctx context.Context, plan *BatchPlan, cells []controlplane.Cell, source string, most int) error {
	from := slices.IndexFunc(cells, func(c controlplane.Cell) bool { return c.ID == source })
	better := func(o controlplane.Cell) bool { return relieves(o, cells[from], s.Clock()) }
	return s.eachTenant(ctx, source, func(t controlplane.Tenant) bool {
		if !slices.ContainsFunc(cells, better) {
			return false
		}
		if plan.More = len(plan.Moves) == most; plan.More {
			return false
		}
		before := len(plan.Moves)
		if s.place(plan, cells, t, better); len(plan.Moves) > before {
			cells[from].AssignedTenants--
		}
		return true
	})
}

// Rebalance begins the planned moves.
func (s Service) Rebalance(ctx context.Context, r BatchRequest) (BatchPlan, error) {
	plan, err := s.PlanRebalance(ctx, r)
	if err != nil {
		return plan, err
	}
	return s.begin(ctx, plan, r.Terms)
}

// begin creates a plan's migrations; they wait for their turns. One that cannot
// begin becomes an obstacle and keeps none of the others from it.
func (s Service) begin(ctx context.Context, plan BatchPlan, terms controlplane.MigrationTerms) (BatchPlan, error) {
	plan.Batch = uuid.Must(uuid.NewV7())
	var begun []Move
	for _, move := range plan.Moves {
		_, err := s.create(ctx, Plan{Tenant: move.Tenant, Target: move.Target}, terms, plan.Batch)
		var refusal *fault.Error
		switch {
		case err == nil:
			begun = append(begun, move)
		case errors.As(err, &refusal) && refusal.Code == fault.Conflict:
			plan.Obstacles = append(plan.Obstacles, Obstacle{move.Tenant, publicText(err)})
		default:
			return plan, fmt.Errorf("after %d of %d moves: %w", len(begun), len(plan.Moves), err)
		}
	}
	plan.Moves = begun
	return plan, nil
}
