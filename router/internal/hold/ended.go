package hold

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// maxEnded bounds the windows that nobody has asked for yet.
const maxEnded = 10_000

// Ended is a window that is over, and what became of those who waited.
type Ended struct {
	Tenant       tenancy.ID
	Began        time.Time
	Held, Failed int64
	Longest      time.Duration
}

// TakeEnded returns the windows that have ended since it was last called. One
// ends MinInterval after the last request has left it.
func (h *Hold) TakeEnded() []Ended {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.ended
	h.ended = nil
	return taken
}

// count adds a request that leaves to its window, or to the one that would not
// take it.
func (h *Hold) count(r *Waiter, outcome string, waited time.Duration) {
	w := r.window
	if w == nil {
		w = h.windows[r.request.Tenant]
	}
	if w == nil {
		return
	}
	w.sum.Held++
	if outcome != Served.String() {
		w.sum.Failed++
	}
	w.sum.Longest = max(w.sum.Longest, waited)
}

// end keeps what became of a window that is forgotten.
func (h *Hold) end(w *window) {
	if w.sum.Held > 0 && len(h.ended) < maxEnded {
		h.ended = append(h.ended, w.sum)
	}
}
