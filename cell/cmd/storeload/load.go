package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
)

// What a caller can do.
const (
	opRead   = "read"
	opInsert = "insert"
)

// load is a closed loop: each caller asks again as soon as it has an answer.
type load struct {
	store   *citus.Store
	targets []target
	op      string
	conns   int
	span    time.Duration
}

// measured is what a run brought. Latencies are in microseconds.
type measured struct {
	Transactions int64   `json:"transactions"`
	Errors       int64   `json:"errors"`
	FirstError   string  `json:"first_error,omitempty"`
	Seconds      float64 `json:"seconds"`
	CPUSeconds   float64 `json:"cpu_seconds"` // of this process
	P50          int64   `json:"p50_us"`
	P99          int64   `json:"p99_us"`
}

const longest = 60_000_000 // µs

func (l *load) run(ctx context.Context) (measured, error) {
	do, err := l.doer()
	if err != nil {
		return measured{}, err
	}
	l.warm(ctx, do)
	var m measured
	var mu sync.Mutex
	var callers sync.WaitGroup
	all := hdrhistogram.New(1, longest, 3)
	before, begin := cpu(), time.Now()
	for range l.conns {
		callers.Go(func() {
			own, failed, first := l.call(ctx, do, begin.Add(l.span))
			mu.Lock()
			defer mu.Unlock()
			all.Merge(own)
			m.Errors += failed
			if first != nil && m.FirstError == "" {
				m.FirstError = first.Error()
			}
		})
	}
	callers.Wait()
	m.Seconds, m.CPUSeconds = time.Since(begin).Seconds(), (cpu() - before).Seconds()
	m.Transactions, m.P50, m.P99 = all.TotalCount(), all.ValueAtPercentile(50), all.ValueAtPercentile(99)
	return m, ctx.Err()
}

func (l *load) doer() (func(context.Context, target) error, error) {
	switch l.op {
	case opRead:
		return l.read, nil
	case opInsert:
		return l.insert, nil
	}
	return nil, fmt.Errorf("-op: use %s or %s", opRead, opInsert)
}

// warm opens the connections.
func (l *load) warm(ctx context.Context, do func(context.Context, target) error) {
	var callers sync.WaitGroup
	for i := range l.conns {
		callers.Go(func() { _ = do(ctx, l.targets[i%len(l.targets)]) }) // what is wrong shows in the measurement, too
	}
	callers.Wait()
}

// call is one caller until the end.
func (l *load) call(ctx context.Context, do func(context.Context, target) error, end time.Time) (took *hdrhistogram.Histogram, failed int64, first error) {
	took = hdrhistogram.New(1, longest, 3)
	for begin := time.Now(); begin.Before(end) && ctx.Err() == nil; {
		err := do(ctx, l.targets[rand.IntN(len(l.targets))])
		now := time.Now()
		if err != nil {
			failed++
			first = err
		} else {
			_ = took.RecordValue(min(now.Sub(begin).Microseconds(), longest))
		}
		begin = now
	}
	return took, failed, first
}

func (l *load) read(ctx context.Context, t target) error {
	_, err := l.store.GetProject(ctx, t.call(cell.ProjectsRead), t.Project)
	return err
}

func (l *load) insert(ctx context.Context, t target) error {
	id := uuid.Must(uuid.NewV7())
	project := cell.Project{ID: id, WorkspaceID: t.Workspace, Name: id.String(), Status: cell.ProjectActive}
	_, err := l.store.CreateProject(ctx, t.call(cell.ProjectsWrite), project, cell.AuditEntry{
		Action: "project.created", SubjectType: "project", SubjectID: id,
		Details: map[string]any{"name": project.Name, "workspace_id": project.WorkspaceID},
	})
	return err
}

func (t target) call(p cell.Permission) *cell.Call {
	return &cell.Call{Tenant: t.Tenant, Epoch: t.Epoch, KeyHash: t.KeyHash, Permission: p, RequestID: "storeload"}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0 // cannot happen: the arguments are right
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
