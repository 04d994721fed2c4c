package app_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/shared/testkit"
)

// A tenant with very many jobs, none of which comes to an end, does not keep
// another one's first from being done: in the same lane, by the same worker.
func TestManyJobsOfOneTenantDoNotDelayAnother(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	greedy, modest := p.admit(t), p.admit(t)
	const many = 500
	p.exec(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts)
		SELECT $1::uuid, gen_random_uuid(), 'slow', '{}', 'pending', 8 FROM generate_series(1, $2)`, greedy.id.String(), many)
	release, begun, done := make(chan struct{}), atomic.Int64{}, atomic.Int64{}
	p.startWorker(t, testkit.RabbitMQ(t), sink, func(o *app.WorkerOptions) {
		o.Kinds = []jobs.Kind{
			{Name: "slow", Do: func(ctx context.Context, _ *jobs.Task) (cell.Outcome, error) {
				begun.Add(1)
				select {
				case <-release:
				case <-ctx.Done():
				}
				return cell.Outcome{}, ctx.Err()
			}},
			{Name: "quick", Do: func(context.Context, *jobs.Task) (cell.Outcome, error) {
				done.Add(1)
				return cell.Outcome{}, nil
			}},
		}
	})
	testkit.Eventually(t, "the greedy tenant's jobs", func() bool { return begun.Load() > 0 })
	id := uuid.Must(uuid.NewV7()).String()
	p.exec(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts) VALUES ($1, $2, 'quick', '{}', 'pending', 8)`, modest.id.String(), id)
	testkit.Eventually(t, "the other tenant's first job", func() bool { return done.Load() == 1 })
	close(release)
	testkit.Eventually(t, "the greedy tenant's jobs, all of them", func() bool { return begun.Load() >= many })
}
