package billing

import (
	"context"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

// Stocker makes what Stripe offers equal to the catalogue.
type Stocker struct {
	Shelf   Shelf
	Offered *plans.Catalogue
}

// Sync takes every step that is needed, looks again, and returns how many there
// were. It stops at the first that fails; repeated, it goes on there.
func (s Stocker) Sync(ctx context.Context) (taken int, err error) {
	now, err := s.Shelf.Stock(ctx)
	if err != nil {
		return 0, err
	}
	steps, err := Compare(s.Offered, now)
	if err != nil {
		return 0, err
	}
	for _, step := range steps {
		if err := s.Shelf.Apply(ctx, step); err != nil {
			return taken, err
		}
		taken++
	}
	if now, err = s.Shelf.Stock(ctx); err != nil {
		return taken, err
	}
	if steps, err = Compare(s.Offered, now); err == nil && len(steps) > 0 {
		err = fault.New(fault.Conflict, "after all changes %s is still not as it should be; somebody else changes it", steps[0].What)
	}
	return taken, err
}
