package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/controlplane/internal/onboarding"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

var errDead = errors.New("the process was killed")

// mortal is a process that is killed at its n-th call to the outside: before
// the call has an effect, or after it. Nothing it does later has any.
type mortal struct {
	onboarding.Ledger
	onboarding.Steps
	onboarding.Residence
	onboarding.Cells
	onboarding.Tenants

	calls, killAt int
	after         bool // the killing call still has its effect
}

func (m *mortal) call(do func() error) error {
	m.calls++
	if m.killAt == 0 || m.calls < m.killAt {
		return do()
	}
	if m.calls == m.killAt && m.after {
		_ = do() // nobody is left to see how it went
	}
	return errDead
}

func (m *mortal) Find(ctx context.Context, key []byte) (su controlplane.Signup, found bool, err error) {
	err = m.call(func() (err error) { su, found, err = m.Ledger.Find(ctx, key); return err })
	return su, found, err
}

func (m *mortal) Reserve(ctx context.Context, su controlplane.Signup, t controlplane.Tenant) error {
	return m.call(func() error { return m.Ledger.Reserve(ctx, su, t) })
}

func (m *mortal) Take(ctx context.Context, su controlplane.Signup, lease uuid.UUID, now, until time.Time) (taken controlplane.Signup, err error) {
	err = m.call(func() (err error) { taken, err = m.Ledger.Take(ctx, su, lease, now, until); return err })
	return taken, err
}

func (m *mortal) Release(ctx context.Context, su controlplane.Signup, now time.Time) error {
	return m.call(func() error { return m.Ledger.Release(ctx, su, now) })
}

func (m *mortal) Commit(ctx context.Context, su controlplane.Signup) error {
	return m.call(func() error { return m.Steps.Commit(ctx, su) })
}

func (m *mortal) Finish(ctx context.Context, su controlplane.Signup) error {
	return m.call(func() error { return m.Steps.Finish(ctx, su) })
}

func (m *mortal) Undo(ctx context.Context, su controlplane.Signup, at time.Time) error {
	return m.call(func() error { return m.Steps.Undo(ctx, su, at) })
}

func (m *mortal) All(ctx context.Context) (cells []controlplane.Cell, err error) {
	err = m.call(func() (err error) { cells, err = m.Cells.All(ctx); return err })
	return cells, err
}

func (m *mortal) Get(ctx context.Context, id tenancy.ID) (t controlplane.Tenant, err error) {
	err = m.call(func() (err error) { t, err = m.Tenants.Get(ctx, id); return err })
	return t, err
}

func (m *mortal) Prepare(ctx context.Context, cell string, r controlplane.Resident) error {
	return m.call(func() error { return m.Residence.Prepare(ctx, cell, r) })
}

func (m *mortal) Activate(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error {
	return m.call(func() error { return m.Residence.Activate(ctx, cell, id, epoch) })
}

func (m *mortal) Remove(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error {
	return m.call(func() error { return m.Residence.Remove(ctx, cell, id, epoch) })
}

// world is a directory and a cell, and the time that goes by in them.
type world struct {
	db     *postgres.DB
	cell   *fakecell.Cell
	client *cellclient.Client
	passed atomic.Int64 // time that was skipped
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pool, err := pg.Open(t.Context(), database(t), pg.PoolOptions{MaxConns: 12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &world{cell: fakecell.Start(t, "cell-a", master)}
	w.db = postgres.New(pool, w.clock)
	w.client = cellclient.New(postgres.CellStore{DB: w.db}, master, time.Now)
	t.Cleanup(w.client.Close)
	_, err = postgres.CellStore{DB: w.db}.Register(t.Context(), "cell-a", controlplane.CellRegistration{
		Region: "us-central1", Tier: "standard", Endpoint: "http://127.0.0.1:1", InternalEndpoint: w.cell.URL, CapacityTenants: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.skip(t, 0)
	return w
}

func (w *world) clock() time.Time { return time.Now().Add(time.Duration(w.passed.Load())) }

// skip lets time go by, with the cell alive at its end.
func (w *world) skip(t *testing.T, d time.Duration) {
	t.Helper()
	w.passed.Add(int64(d))
	if err := (postgres.CellStore{DB: w.db}).Heartbeat(t.Context(), "cell-a", controlplane.Heartbeat{At: w.clock(), CapacityTenants: 1000}); err != nil {
		t.Fatal(err)
	}
}

// process returns a service that is killed at its n-th call, or never (0).
func (w *world) process(killAt int, after bool) (*onboarding.Service, *mortal) {
	signups := postgres.SignupStore{DB: w.db}
	m := &mortal{
		Ledger: signups, Steps: signups, Residence: w.client, Cells: postgres.CellStore{DB: w.db}, Tenants: postgres.TenantStore{DB: w.db},
		killAt: killAt, after: after,
	}
	return onboarding.New(onboarding.Options{
		Ledger: m, Steps: m, Cells: m, Tenants: m, Residence: m, Plans: controlplane.DefaultPlans(), Master: master, TenantURL: "http://{slug}.localhost",
		Clock: w.clock, Log: slog.New(slog.DiscardHandler), Metrics: onboarding.NewMetrics(prometheus.NewRegistry()),
	}), m
}

func (w *world) sweep(t *testing.T) {
	t.Helper()
	signups := postgres.SignupStore{DB: w.db}
	sweeper := onboarding.Sweeper{
		Backlog: signups, Ledger: signups, Steps: signups, Removals: postgres.RemovalStore{DB: w.db}, Residence: w.client, Clock: w.clock,
	}
	if err := sweeper.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// settle lets so much time go by, and the sweeper run, that nothing is under way.
func (w *world) settle(t *testing.T) {
	t.Helper()
	w.skip(t, time.Minute)
	w.sweep(t)
	w.skip(t, 5*time.Minute)
	w.sweep(t)
}

func request(slug string) controlplane.SignupRequest {
	return controlplane.SignupRequest{
		Organization: "Org " + slug, Slug: tenancy.Slug(slug), Plan: "free", Owner: controlplane.Owner{Name: "Ann", Email: "ann@example.org"},
	}
}

// held returns what the cell holds under a slug.
func (w *world) held(slug string) []fakecell.Resident {
	var found []fakecell.Resident
	for _, r := range w.cell.Residents() {
		if r.Slug == slug {
			found = append(found, r)
		}
	}
	return found
}

func (w *world) wantLive(t *testing.T, slug string, id tenancy.ID) {
	t.Helper()
	entry, _, err := postgres.DirectoryStore{DB: w.db}.Lookup(t.Context(), directory.Key{Kind: directory.BySlug, Value: slug})
	if err != nil || entry == nil || entry.Tenant.TenantID != id || entry.Tenant.State != directory.Active {
		t.Errorf("directory: %+v, %v", entry, err)
	}
	if held := w.held(slug); len(held) != 1 || held[0].State != fakecell.Live || held[0].Welcomes != 1 || w.cell.Residents()[id].State != fakecell.Live {
		t.Errorf("cell: %+v", held)
	}
}

// A process killed at any call of a sign-up, before or after the call's effect,
// leaves either a tenant that is finished without help, or nothing; and the
// client's retry succeeds in any case.
func TestSignupConvergesAfterAKillAtAnyStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service, m := w.process(0, false)
	if _, err := service.SignUp(t.Context(), "count-the-steps", request("counted")); err != nil {
		t.Fatal(err)
	}
	if m.calls < 7 {
		t.Fatalf("a sign-up of %d calls: is everything counted?", m.calls)
	}
	live := 1
	for killAt := 1; killAt <= m.calls; killAt++ {
		for _, after := range []bool{false, true} {
			for _, retry := range []bool{true, false} {
				slug := fmt.Sprintf("killed-%d-%t-%t", killAt, after, retry)
				w.killAndRecover(t, slug, killAt, after, retry)
				live++
			}
		}
	}
	cell, err := postgres.CellStore{DB: w.db}.Get(t.Context(), "cell-a")
	if err != nil || cell.AssignedTenants != live || len(w.cell.Residents()) != live {
		t.Errorf("%d tenants: %d counted, %d in the cell, %v", live, cell.AssignedTenants, len(w.cell.Residents()), err)
	}
}

func (w *world) killAndRecover(t *testing.T, slug string, killAt int, after, retry bool) {
	t.Helper()
	mortal, _ := w.process(killAt, after)
	if _, err := mortal.SignUp(t.Context(), slug, request(slug)); err == nil {
		t.Fatalf("%s: survived", slug)
	}
	if !retry {
		w.settle(t)
		if held := w.held(slug); len(held) > 1 || len(held) == 1 && (held[0].State != fakecell.Live || held[0].Welcomes != 1) {
			t.Errorf("%s: the sweeper left %+v", slug, held)
		}
	}
	w.skip(t, time.Minute) // the lease of the dead ends
	immortal, _ := w.process(0, false)
	result, err := immortal.SignUp(t.Context(), slug, request(slug))
	if err != nil {
		t.Fatalf("%s: retry: %v", slug, err)
	}
	w.settle(t)
	w.wantLive(t, slug, result.Tenant.TenantID)
}

func TestACellThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service, _ := w.process(0, false)
	for name, fail := range map[string]func(*http.Request) error{
		"refuses":             func(*http.Request) error { return fault.New(fault.Internal, "broken") },
		"answers nothing":     func(*http.Request) error { panic(http.ErrAbortHandler) },
		"prepares, then dies": nil,
	} {
		slug := map[string]string{"refuses": "refused", "answers nothing": "dropped", "prepares, then dies": "late"}[name]
		if fail == nil {
			fail = func(r *http.Request) error {
				if r.Method == http.MethodPut {
					return nil
				}
				panic(http.ErrAbortHandler)
			}
		}
		w.cell.FailWith(fail)
		_, err := service.SignUp(t.Context(), "first-"+slug, request(slug))
		if fault.CodeOf(err) != fault.Unavailable {
			t.Fatalf("%s: %v", name, err)
		}
		w.cell.FailWith(nil)
		if slug == "late" { // committed: only forward
			if result, err := service.SignUp(t.Context(), "first-"+slug, request(slug)); err != nil {
				t.Errorf("%s: retry: %v", name, err)
			} else {
				w.wantLive(t, slug, result.Tenant.TenantID)
			}
			continue
		}
		// Somebody else can have the slug at once, and then the first key cannot.
		result, err := service.SignUp(t.Context(), "second-"+slug, request(slug))
		if err != nil {
			t.Fatalf("%s: the slug is not free: %v", name, err)
		}
		if _, err := service.SignUp(t.Context(), "first-"+slug, request(slug)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s: the slug twice: %v", name, err)
		}
		w.settle(t)
		w.wantLive(t, slug, result.Tenant.TenantID)
	}
}

func TestRequestsWithOneKeyMakeOneTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type outcome struct {
		result onboarding.Result
		err    error
	}
	outcomes := make(chan outcome)
	const requests = 8
	for range requests {
		service, _ := w.process(0, false)
		go func() {
			for {
				result, err := service.SignUp(context.WithoutCancel(t.Context()), "one-key", request("acme"))
				var f *fault.Error
				if errors.As(err, &f) && f.Code == fault.Conflict && f.RetryAfter > 0 {
					continue // as a client would, only sooner
				}
				outcomes <- outcome{result, err}
				return
			}
		}()
	}
	first := <-outcomes
	for range requests - 1 {
		if o := <-outcomes; o.err != nil || o.result.APIKey != first.result.APIKey || o.result.Tenant.TenantID != first.result.Tenant.TenantID {
			t.Errorf("%+v, %v; the first was %+v, %v", o.result, o.err, first.result, first.err)
		}
	}
	w.wantLive(t, "acme", first.result.Tenant.TenantID)
	other := request("acme")
	other.Organization = "Another"
	service, _ := w.process(0, false)
	if _, err := service.SignUp(t.Context(), "one-key", other); fault.CodeOf(err) != fault.KeyReused {
		t.Errorf("another request: %v", err)
	}
}
