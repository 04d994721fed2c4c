package jobs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// RetentionStore removes what is too old. It is an interface because use-cases
// do not know the database.
type RetentionStore interface {
	GetTenant(ctx context.Context, ref cell.JobRef) (cell.Organization, error)
	RemoveAged(ctx context.Context, ref cell.JobRef, age cell.Age, limit int) (removed int, err error)
	MadeFiles(ctx context.Context, ref cell.JobRef, jobs []uuid.UUID) ([]cell.Job, error)
}

// Shelf is object storage from which files are taken away. It is an interface
// because use-cases do not know edges.
type Shelf interface {
	List(ctx context.Context, tenant tenancy.ID, prefix string, each func(keys []string) error) error
	Remove(ctx context.Context, tenant tenancy.ID, prefix string) error
}

// removeBatch bounds the rows of one transaction.
const removeBatch = 1000

// Retention removes what a tenant's plan keeps no longer, a batch a transaction:
// rows by their age, then files that no job shows any more. It may be stopped
// anywhere and done again.
type Retention struct {
	Store RetentionStore
	Blobs Shelf
	Clock func() time.Time
}

// Do is the effect of jobs of that kind.
func (r Retention) Do(ctx context.Context, task *Task) (cell.Outcome, error) {
	organization, err := r.Store.GetTenant(ctx, task.Ref)
	if err != nil {
		return cell.Outcome{}, fmt.Errorf("read the plan: %w", err)
	}
	for _, age := range cell.RetentionOf(organization.Plan).Ages(r.Clock()) {
		task.Progress(0, "removing old "+string(age.What))
		for removed := removeBatch; removed == removeBatch; {
			if err := ctx.Err(); err != nil {
				return cell.Outcome{}, err
			}
			if removed, err = r.Store.RemoveAged(ctx, task.Ref, age, removeBatch); err != nil {
				return cell.Outcome{}, fmt.Errorf("remove old %s: %w", age.What, err)
			}
		}
	}
	return cell.Outcome{}, r.removeFiles(ctx, task)
}

// removeFiles looks at the files first and then at the jobs: what is being made
// meanwhile is found to be kept.
func (r Retention) removeFiles(ctx context.Context, task *Task) error {
	return r.Blobs.List(ctx, task.Ref.TenantID, filesPrefix, func(keys []string) error {
		var ids []uuid.UUID
		for _, key := range keys {
			if id, _, ok := parseFileKey(key); ok {
				ids = append(ids, id)
			}
		}
		made, err := r.Store.MadeFiles(ctx, task.Ref, ids)
		if err != nil {
			return fmt.Errorf("find files' jobs: %w", err)
		}
		jobs := map[uuid.UUID]cell.Job{}
		for _, job := range made {
			jobs[job.ID] = job
		}
		for _, key := range keys {
			id, attempt, ok := parseFileKey(key)
			if !ok || keeps(jobs[id], attempt, key, r.Clock()) {
				continue
			}
			if err := r.Blobs.Remove(ctx, task.Ref.TenantID, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// keeps reports whether a job shows the file, or is still making it.
func keeps(job cell.Job, attempt int, key string, now time.Time) bool {
	if job.State == cell.JobRunning && job.Attempts == attempt {
		return true
	}
	file, shown := fileOf(job, now)
	return shown && file.Key == key
}

const filesPrefix = "jobs/"

func fileKey(ref cell.JobRef, name string) string {
	return fmt.Sprintf("%s%s/%d/%s", filesPrefix, ref.JobID, ref.Attempt, name)
}

// parseFileKey is the reverse of fileKey.
func parseFileKey(key string) (job uuid.UUID, attempt int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(key, filesPrefix), "/", 3)
	if len(parts) != 3 {
		return uuid.Nil, 0, false
	}
	job, err := uuid.Parse(parts[0])
	attempt, numberErr := strconv.Atoi(parts[1])
	return job, attempt, err == nil && numberErr == nil
}
