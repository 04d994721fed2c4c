package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/tenancy"
)

// tenant is one that jobs are asked for.
type tenant struct {
	Tenant  tenancy.ID `json:"tenant"`
	Epoch   uint64     `json:"epoch"`
	KeyHash []byte     `json:"key_hash"`
}

// answer is what was measured, in microseconds, in the order of the asking.
type answer struct {
	Took []int64 `json:"took_us"`
}

// look is how often it is looked whether a job is done: the error of a figure.
const look = time.Millisecond

func ask(ctx context.Context, args []string, dsn string, in io.Reader, out io.Writer) error {
	f := flag.NewFlagSet("jobload ask", flag.ContinueOnError)
	longest := f.Duration("for", time.Minute, "how long a job may take")
	if err := f.Parse(args); err != nil {
		return err
	}
	const conns = 2
	store, err := citus.OpenStore(ctx, dsn, conns)
	if err != nil {
		return err
	}
	defer store.Close()
	var a answer
	for lines := json.NewDecoder(in); ; {
		var t tenant
		err := lines.Decode(&t)
		if errors.Is(err, io.EOF) {
			return json.NewEncoder(out).Encode(a)
		}
		if err != nil {
			return fmt.Errorf("tenants on standard input: %w", err)
		}
		took, err := once(ctx, store, t, *longest)
		if err != nil {
			return fmt.Errorf("job of tenant %s: %w", t.Tenant, err)
		}
		a.Took = append(a.Took, took.Microseconds())
	}
}

// once asks for a job as the API does and waits for its effect.
func once(ctx context.Context, store *citus.Store, t tenant, longest time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	call := func(p cell.Permission) *cell.Call {
		return &cell.Call{Tenant: t.Tenant, Epoch: t.Epoch, KeyHash: t.KeyHash, Permission: p, RequestID: "jobload"}
	}
	id := uuid.Must(uuid.NewV7())
	begun := time.Now()
	_, err := store.EnqueueJob(ctx, call(cell.ReportsWrite), cell.NewJob{ID: id, Kind: kind}, cell.AuditEntry{
		Action: "bench.asked", SubjectType: "job", SubjectID: id, Details: map[string]any{},
	})
	if err != nil {
		return 0, err
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		job, err := store.GetJob(ctx, call(cell.JobsRead), id)
		if err != nil {
			return 0, err
		}
		if job.State == cell.JobDone {
			return time.Since(begun), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("it is %s (%w)", job.State, ctx.Err())
		case <-tick.C:
		}
	}
}
