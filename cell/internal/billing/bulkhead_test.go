package billing_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/cell/internal/billing"
	"github.com/coditect/platform/shared/fault"
)

// hung is a control plane that never answers.
type hung struct{}

func (hung) Ask(ctx context.Context, _, _ string, _, _ any) error {
	<-ctx.Done()
	return ctx.Err()
}

// However many ask a control plane that hangs, few of them wait, and those for
// seconds; afterwards there is room again.
func TestAHungControlPlaneHoldsFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plane := billing.NewBulkhead(hung{})
		for range 2 {
			var all sync.WaitGroup
			var mu sync.Mutex
			waited, refused := 0, 0
			begun := time.Now()
			for range 100 {
				all.Go(func() {
					err := plane.Ask(t.Context(), "GET", "/", nil, nil)
					if fault.CodeOf(err) != fault.Unavailable {
						t.Errorf("%v", err)
					}
					mu.Lock()
					defer mu.Unlock()
					if time.Since(begun) == 0 {
						refused++
					} else {
						waited++
					}
				})
			}
			all.Wait()
			if took := time.Since(begun); waited != 16 || refused != 84 || took != 10*time.Second {
				t.Errorf("%d waited for %s, %d were refused at once", waited, took, refused)
			}
		}
	})
}
