package citus

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// Each statement reads one of the partial indexes: jobs that are done are many
// and never looked at.
var depthSQL = []string{
	`SELECT priority, CASE WHEN run_at > now() THEN 'scheduled' ELSE 'pending' END AS stage, count(*), extract(epoch FROM now() - min(run_at))::float8
		FROM jobs WHERE state = 'pending' GROUP BY 1, 2`,
	`SELECT priority, state, count(*), extract(epoch FROM now() - min(updated_at))::float8 FROM jobs WHERE state IN ('queued', 'running') GROUP BY 1, 2`,
	`SELECT priority, 'dead', count(*), extract(epoch FROM now() - min(updated_at))::float8 FROM jobs WHERE state = 'dead' GROUP BY 1`,
}

// JobDepths counts the jobs of all tenants that have not ended well, in one
// round trip. It names only what there is.
func (r *Relay) JobDepths(ctx context.Context) ([]cell.JobDepth, error) {
	var depths []cell.JobDepth
	b := &pgx.Batch{}
	for _, statement := range depthSQL {
		b.Queue(statement).Query(func(rows pgx.Rows) error {
			var d cell.JobDepth
			var seconds float64
			_, err := pgx.ForEachRow(rows, []any{&d.Lane, &d.Stage, &d.Jobs, &seconds}, func() error {
				d.Oldest = max(0, time.Duration(seconds*float64(time.Second)))
				depths = append(depths, d)
				return nil
			})
			return err
		})
	}
	err := r.pool.SendBatch(ctx, b).Close()
	return depths, translate(err, nil)
}
