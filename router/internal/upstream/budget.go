package upstream

import "sync/atomic"

// budget lets retries be at most budgetPart percent of requests, in hundredths
// of a retry. It starts full.
type budget struct{ spent atomic.Int64 }

func (b *budget) earn() {
	if spent := b.spent.Load(); spent > 0 {
		b.spent.Add(-min(spent, budgetPart)) // two at once may earn a little too much; never more than asked for
	}
}

func (b *budget) spend() bool {
	if b.spent.Add(100) > budgetBurst*100 {
		b.spent.Add(-100)
		return false
	}
	return true
}
