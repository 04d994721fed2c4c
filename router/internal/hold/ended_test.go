package hold_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/hold"
)

// A window that is over says what became of those who waited, once.
func TestWindowsTellWhatBecameOfTheirRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{PerTenant: 3})
		begun := time.Now()
		failed := p.requests(t.Context(), 4) // one more than may wait
		wait(50 * time.Millisecond)
		p.move()
		if n := failed(); n != 1 {
			t.Errorf("%d failed", n)
		}
		if ended := p.hold.TakeEnded(); len(ended) != 0 {
			t.Errorf("not over yet: %+v", ended)
		}
		wait(6 * time.Second)
		ended := p.hold.TakeEnded()
		if len(ended) != 1 || ended[0].Tenant != p.id || ended[0].Held != 4 || ended[0].Failed != 1 || !ended[0].Began.Equal(begun) || ended[0].Longest < 50*time.Millisecond {
			t.Errorf("%+v", ended)
		}
		if again := p.hold.TakeEnded(); len(again) != 0 {
			t.Errorf("again: %+v", again)
		}
	})
}
