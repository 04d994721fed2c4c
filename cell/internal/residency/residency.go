package residency

import (
	"context"
	"fmt"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Fences changes what the cell holds. It is an interface because use-cases do
// not know the database.
type Fences interface {
	Prepare(ctx context.Context, a cell.Arrival, requestID string) (cell.Fence, error)
	Activate(ctx context.Context, id tenancy.ID, epoch uint64, requestID string) (cell.Fence, error)
	Admit(ctx context.Context, arrivals []cell.Arrival, requestID string) ([]cell.Admission, error)
	CloseGate(ctx context.Context, id tenancy.ID) error
	Remove(ctx context.Context, id tenancy.ID, epoch uint64) error
	SetPlan(ctx context.Context, change cell.PlanChange, requestID string) error
}

// Inventory lists what the cell holds; apart from Fences because it only reads.
type Inventory interface {
	Inventory(ctx context.Context, after tenancy.ID, limit int) ([]cell.Residence, error)
}

// Memory forgets what it remembers of a tenant. It is an interface because
// use-cases do not know Redis.
type Memory interface {
	Drop(ctx context.Context, id tenancy.ID) error
}

// Residency are the use-cases of a tenant's life in the cell. Each may be
// repeated.
type Residency struct {
	Fences     Fences
	Inventory  Inventory
	Memory     Memory // nil: nothing is remembered
	Reconciler Reconciler
}

// Prepare puts a new tenant's rows into the cell, closed to everyone.
func (r Residency) Prepare(ctx context.Context, a cell.Arrival, requestID string) (cell.Fence, error) {
	if err := check(a); err != nil {
		return cell.Fence{}, err
	}
	return r.Fences.Prepare(ctx, a, requestID)
}

// Activate opens the cell to a prepared tenant and has its owner welcomed.
func (r Residency) Activate(ctx context.Context, id tenancy.ID, epoch uint64, requestID string) (cell.Fence, error) {
	return r.Fences.Activate(ctx, id, epoch, requestID)
}

// SetPlan makes the tenant's plan here be what the directory says. What arrives
// late changes nothing.
func (r Residency) SetPlan(ctx context.Context, change cell.PlanChange, requestID string) error {
	if err := r.Fences.SetPlan(ctx, change, requestID); err != nil {
		return err
	}
	return r.Forget(ctx, change.TenantID)
}

// Remove deletes every row of a tenant whose epoch here is not above the given one.
func (r Residency) Remove(ctx context.Context, id tenancy.ID, epoch uint64) error {
	if err := r.Fences.CloseGate(ctx, id); err != nil {
		return err
	}
	// If this fails the timer opens the gate again.
	if err := r.Fences.Remove(ctx, id, epoch); err != nil {
		return err
	}
	return r.Forget(ctx, id)
}

// Forget is the last step of whatever changes a tenant's rows or takes them away
// from behind the application: if it fails, the whole is repeated.
func (r Residency) Forget(ctx context.Context, id tenancy.ID) error {
	if r.Memory == nil {
		return nil
	}
	return r.Memory.Drop(ctx, id)
}

// Outcome is what became of one arrival of a batch.
type Outcome struct {
	TenantID tenancy.ID
	State    cell.FenceState
	Problem  string // why it was not admitted; "" if it was
}

// AdmitAll prepares and activates many tenants at once. One that cannot be
// admitted does not keep the others out.
func (r Residency) AdmitAll(ctx context.Context, arrivals []cell.Arrival, requestID string) ([]Outcome, error) {
	outcomes := make([]Outcome, len(arrivals))
	var good []cell.Arrival
	var places []int
	seen := make(map[tenancy.ID]bool, len(arrivals))
	for i, a := range arrivals {
		outcomes[i] = Outcome{TenantID: a.TenantID, State: cell.Absent}
		switch err := check(a); {
		case err != nil:
			outcomes[i].Problem = err.Error()
		case seen[a.TenantID]:
			outcomes[i].Problem = "the tenant stands in the batch twice"
		default:
			good, places = append(good, a), append(places, i)
		}
		seen[a.TenantID] = true
	}
	if len(good) == 0 {
		return outcomes, nil
	}
	admissions, err := r.Fences.Admit(ctx, good, requestID)
	if err != nil {
		return nil, err
	}
	for i, admission := range admissions {
		outcomes[places[i]].State = admission.Fence.State
		outcomes[places[i]].Problem = problemOf(admission)
	}
	return outcomes, nil
}

func problemOf(a cell.Admission) string {
	switch {
	case !a.Same:
		return fmt.Sprintf("the cell holds the tenant in state %s at epoch %d with other content", a.Fence.State, a.Fence.Epoch)
	case a.Fence.State == cell.Importing || a.Fence.State == cell.Departed:
		return fmt.Sprintf("the cell holds the tenant in state %s", a.Fence.State)
	}
	return ""
}

// List returns a page of the inventory; next is zero on the last one.
func (r Residency) List(ctx context.Context, after tenancy.ID, limit int) (lines []cell.Residence, next tenancy.ID, err error) {
	lines, err = r.Inventory.Inventory(ctx, after, limit+1)
	if err != nil {
		return nil, tenancy.ID{}, err
	}
	if len(lines) > limit {
		lines = lines[:limit]
		next = lines[limit-1].TenantID
	}
	return lines, next, nil
}

// check looks at the rules that the API's schema cannot tell.
func check(a cell.Arrival) error {
	if _, err := tenancy.ParseSlug(string(a.Slug)); err != nil {
		return fault.New(fault.Invalid, "the request breaks rules of the API").At("/slug", "%v", err)
	}
	if a.TenantID.IsZero() {
		return fault.New(fault.Invalid, "the request breaks rules of the API").At("/tenant_id", "must not be zero")
	}
	return nil
}
