package membership

import (
	"sync/atomic"
	"time"
)

// Meter counts requests. Add may be called from anywhere, Rate by one caller.
type Meter struct {
	count  atomic.Int64
	seen   int64
	seenAt time.Time
}

// Add counts one request.
func (m *Meter) Add() { m.count.Add(1) }

// Rate returns requests per second since the last call; 0 at the first.
func (m *Meter) Rate(now time.Time) float64 {
	count := m.count.Load()
	since := now.Sub(m.seenAt).Seconds()
	rate := 0.0
	if !m.seenAt.IsZero() && since > 0 {
		rate = float64(count-m.seen) / since
	}
	m.seen, m.seenAt = count, now
	return rate
}
