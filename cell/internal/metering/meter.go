package metering

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Interval is how often [Meter.RunOnce] should run.
const Interval = 10 * time.Second

// Recorder keeps batches. It is an interface because use-cases do not know the
// database.
type Recorder interface {
	RecordUsage(ctx context.Context, batch cell.UsageBatch) error
}

// Meter counts calls. It is safe for concurrent use, except RunOnce.
type Meter struct {
	Recorder Recorder
	Leavings Leavings
	Log      *slog.Logger
	Clock    func() time.Time

	mu     sync.Mutex
	counts map[tenancy.ID]map[time.Time]int64 // by day
	// tried are batches whose recording failed or has an unknown outcome: they
	// are tried again as they are. What is counted meanwhile waits in counts.
	tried map[tenancy.ID]cell.UsageBatch
}

// Call counts one call of the tenant.
func (m *Meter) Call(id tenancy.ID) {
	day := cell.Day(m.Clock())
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[tenancy.ID]map[time.Time]int64{}
	}
	if m.counts[id] == nil {
		m.counts[id] = map[time.Time]int64{}
	}
	m.counts[id][day]++
}

// RunOnce records what was counted. A tenant that cannot be written to now is
// tried again the next time; the first failure of the database ends the run.
func (m *Meter) RunOnce(ctx context.Context) error {
	for _, batch := range m.take() {
		err := m.Recorder.RecordUsage(ctx, batch)
		var refused *cell.Refused
		switch {
		case err == nil:
			m.settled(batch)
		case !errors.As(err, &refused):
			return err
		case refused.TenantState == cellapi.StateDeparted:
			if err := m.Leavings.KeepLate(ctx, batch); err != nil {
				return err
			}
			m.settled(batch)
		case fault.CodeOf(err) == fault.TenantMoved: // it lives nowhere
			m.settled(batch)
			m.Log.InfoContext(ctx, "calls of a tenant that is gone are not recorded", "tenant_id", batch.Tenant, "days", len(batch.Items))
		}
	}
	return nil
}

// take turns counts into batches, one a tenant, unless an older one of it is
// still to be recorded.
func (m *Meter) take() []cell.UsageBatch {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tried == nil {
		m.tried = map[tenancy.ID]cell.UsageBatch{}
	}
	for id, days := range m.counts {
		if _, waits := m.tried[id]; waits {
			continue
		}
		batch := cell.UsageBatch{ID: uuid.Must(uuid.NewV7()), Tenant: id}
		for day, n := range days {
			batch.Items = append(batch.Items, cell.Usage{Metric: cell.APICalls, Day: day, Quantity: n})
		}
		m.tried[id] = batch
		delete(m.counts, id)
	}
	batches := make([]cell.UsageBatch, 0, len(m.tried))
	for _, batch := range m.tried {
		batches = append(batches, batch)
	}
	return batches
}

func (m *Meter) settled(batch cell.UsageBatch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tried, batch.Tenant)
}
