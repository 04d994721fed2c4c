package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	jobsIdle    = 200     // jobs asked for one by one, while there are no others
	jobsBehind  = 20      // tenants whose first job comes behind another one's
	jobsAhead   = 100_000 // of that other one
	jobsBacklog = 10_000  // that the rate is measured with, over all tenants
)

// jobs measures how soon a job has its effect, how many do in a second, and how
// much longer it takes behind a tenant that has a hundred thousand of them.
func (b *bench) jobs(ctx context.Context) error {
	w, err := b.jobWorker(ctx)
	if err != nil {
		return err
	}
	idle, err := b.askJobs(ctx, slices.Repeat(b.targets[:20], jobsIdle/20))
	if err != nil {
		return err
	}
	b.atMost("jobs_latency_p50", percentile(idle, 50), "ms", 50)
	b.note("jobs_latency_p99", percentile(idle, 99), "ms", "from asking for a job to its effect, while there are no others")
	if err := b.jobRate(ctx, w); err != nil {
		return err
	}
	if err := b.jobFairness(ctx, w); err != nil {
		return err
	}
	if err := w.stop(ctx); err != nil { // what is left must not disturb whoever comes next
		return err
	}
	return b.sql(ctx, database, "DELETE FROM jobs")
}

// jobRate keeps a backlog and counts what gets done.
func (b *bench) jobRate(ctx context.Context, w *jobWorker) error {
	added := 0
	fill := func(done int) error {
		if n := jobsBacklog - (added - done); n >= tenantCount {
			added += n / tenantCount * tenantCount
			return b.enqueue(ctx, tenantCount, n/tenantCount)
		}
		return nil
	}
	before, err := w.done(ctx)
	if err != nil {
		return err
	}
	first, begun := before, time.Now()
	warm := begun.Add(b.turn())
	end := warm.Add(2 * b.turn())
	for now := begun; now.Before(end); now = time.Now() {
		done, err := w.done(ctx)
		if err != nil {
			return err
		}
		if now.Before(warm) {
			before, begun = done, now
		}
		if err := fill(done - first); err != nil {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	done, err := w.done(ctx)
	if err != nil {
		return err
	}
	b.atLeast("jobs_rate", float64(done-before)/time.Since(begun).Seconds(), "jobs/s", 2000)
	return b.sql(ctx, database, "DELETE FROM jobs WHERE state = 'pending'") // the next figure's jobs have the worker for themselves
}

// jobFairness asks for the first jobs of some tenants behind those of another.
func (b *bench) jobFairness(ctx context.Context, w *jobWorker) error {
	before, err := w.done(ctx)
	if err != nil {
		return err
	}
	if err := b.enqueue(ctx, 1, jobsAhead); err != nil {
		return err
	}
	if err := w.await(ctx, before+jobsAhead/100); err != nil { // it is at full speed
		return err
	}
	behind, err := b.askJobs(ctx, b.targets[1:1+jobsBehind])
	if err != nil {
		return err
	}
	done, err := w.done(ctx)
	if err != nil {
		return err
	}
	if done-before >= jobsAhead {
		return errors.New("the other tenant's jobs were done before the last of the first jobs was asked for")
	}
	b.atMost("jobs_behind_100000_p50", percentile(behind, 50), "ms", 500)
	b.note("jobs_behind_100000_max", percentile(behind, 100), "ms", "a tenant's first job behind 100,000 of another's")
	return nil
}

// enqueue adds so many jobs each to the first tenants, past the API: it is the
// worker that is measured.
func (b *bench) enqueue(ctx context.Context, tenants, each int) error {
	return b.sql(ctx, database, fmt.Sprintf(`WITH added AS (
		INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts)
		SELECT t.tenant_id, gen_random_uuid(), 'bench', '{}', 'pending', 8
		FROM (SELECT tenant_id FROM tenants ORDER BY tenant_id LIMIT %d) t, generate_series(1, %d) RETURNING 1)
		SELECT pg_notify('cell_jobs', '') FROM added LIMIT 1`, tenants, each))
}

// askJobs asks for a job of each target, one after the other, and returns how
// many milliseconds each took.
func (b *bench) askJobs(ctx context.Context, targets []target) ([]float64, error) {
	var in, out, complaints bytes.Buffer
	for _, t := range targets {
		if err := json.NewEncoder(&in).Encode(t); err != nil {
			return nil, err
		}
	}
	command := exec.CommandContext(ctx, b.program("jobload"), "ask")
	command.Env = environment("CELL_DATABASE_URL=" + b.postgres.DSN(appRole, b.password, database))
	command.Stdin, command.Stdout, command.Stderr = &in, &out, &complaints
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("jobload: %w: %s", err, trim(complaints.Bytes()))
	}
	var answer struct {
		Took []float64 `json:"took_us"`
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("jobload: %w", err)
	}
	for i := range answer.Took {
		answer.Took[i] /= 1000
	}
	return answer.Took, nil
}

// percentile of some values; 100 is the largest.
func percentile(values []float64, p int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// done asks the worker how many jobs it has done.
func (w *jobWorker) done(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	const counter = `cell_job_attempts_total{kind="bench",outcome="done"} `
	_, rest, found := strings.Cut(string(text), counter)
	if !found {
		return 0, nil // none yet
	}
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	return int(n), err
}

// await waits until the worker has done so many jobs in all.
func (w *jobWorker) await(ctx context.Context, want int) error {
	const longest = 3 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for {
		done, err := w.done(ctx)
		if err != nil || done >= want {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d jobs are done: %w", done, want, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
