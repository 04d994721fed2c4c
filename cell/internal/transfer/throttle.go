package transfer

import (
	"context"
	"io"
	"time"
)

// throttled reads at the rate, in bytes a second, that rate returns; 0 is no
// bound.
type throttled struct {
	ctx  context.Context
	from io.Reader
	rate func() int64
	free time.Time // when the next byte may come
}

// burst is how far the reader may be behind its rate and still catch up.
const burst = 100 * time.Millisecond

// Read implements [io.Reader].
func (t *throttled) Read(p []byte) (int, error) {
	rate := t.rate()
	if rate <= 0 {
		return t.from.Read(p)
	}
	if limit := max(rate/10, 1); int64(len(p)) > limit { //nolint:mnd // a tenth of a second's worth
		p = p[:limit]
	}
	if err := sleep(t.ctx, time.Until(t.free)); err != nil {
		return 0, err
	}
	n, err := t.from.Read(p)
	if earliest := time.Now().Add(-burst); t.free.Before(earliest) {
		t.free = earliest
	}
	t.free = t.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return n, err
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
