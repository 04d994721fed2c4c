package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// UsageStore closes days of usage, each once whoever does it and however often.
// It is an interface because use-cases do not know the database.
type UsageStore interface {
	TenantStore
	CloseUsageDay(ctx context.Context, tenant tenancy.ID, day time.Time) error
}

// closedBack is for how many days that are over a roll-up makes up, should
// those before it not have run.
const closedBack = 7

// RollUp closes the days that are over.
type RollUp struct {
	Store UsageStore
	Clock func() time.Time
}

// Do is the effect of jobs of that kind. A day that is closed already stays as
// it is; days before the tenant was there are none.
func (r RollUp) Do(ctx context.Context, task *Task) (cell.Outcome, error) {
	organization, err := r.Store.GetTenant(ctx, task.Ref)
	if err != nil {
		return cell.Outcome{}, fmt.Errorf("read the organization: %w", err)
	}
	today, first := cell.Day(r.Clock()), cell.Day(organization.CreatedAt)
	for back := closedBack; back > 0; back-- {
		day := today.AddDate(0, 0, -back)
		if day.Before(first) {
			continue
		}
		if err := r.Store.CloseUsageDay(ctx, task.Ref.TenantID, day); err != nil {
			return cell.Outcome{}, fmt.Errorf("close %s: %w", day.Format(time.DateOnly), err)
		}
	}
	return cell.Outcome{}, nil
}
