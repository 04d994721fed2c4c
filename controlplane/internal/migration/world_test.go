package migration_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var master = bytes.Repeat([]byte{7}, 32)

// world is a directory and three cells, and the time that goes by in them.
type world struct {
	t      *testing.T
	db     *postgres.DB
	cells  map[string]*fakecell.Cell
	client *cellclient.Client
	passed atomic.Int64 // time that was skipped
	model  map[string]bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dsn := testkit.PostgresWithSchema(t, "controlplane", func(ctx context.Context, dsn string) error {
		_, err := postgres.ApplySchema(ctx, dsn)
		return err
	})
	pool, err := pg.Open(t.Context(), dsn, pg.PoolOptions{MaxConns: 12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &world{t: t, cells: map[string]*fakecell.Cell{}, model: modelSteps(t)}
	w.db = postgres.New(pool, w.clock)
	w.client = cellclient.New(postgres.CellStore{DB: w.db}, master, time.Now)
	t.Cleanup(w.client.Close)
	for id, region := range map[string]string{"cell-a": "us-central1", "cell-b": "us-central1", "cell-c": "europe-west1"} {
		w.cells[id] = fakecell.Start(t, id, master)
		_, err = postgres.CellStore{DB: w.db}.Register(t.Context(), id, controlplane.CellRegistration{
			Region: region, Tier: "standard", Endpoint: "http://127.0.0.1:1", InternalEndpoint: w.cells[id].URL, CapacityTenants: 100_000,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fakecell.Connect(w.cells["cell-a"], w.cells["cell-b"], w.cells["cell-c"])
	w.skip(0)
	return w
}

func (w *world) clock() time.Time { return time.Now().Add(time.Duration(w.passed.Load())) }

// skip lets time go by, with the cells alive at its end.
func (w *world) skip(d time.Duration) {
	w.t.Helper()
	w.passed.Add(int64(d))
	for id := range w.cells {
		if err := (postgres.CellStore{DB: w.db}).Heartbeat(context.WithoutCancel(w.t.Context()), id, controlplane.Heartbeat{At: w.clock(), CapacityTenants: 100_000}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) store() postgres.MigrationStore { return postgres.MigrationStore{DB: w.db} }

// tenant makes an active tenant that is live in cell-a.
func (w *world) tenant(slug string) controlplane.Tenant {
	w.t.Helper()
	created, err := postgres.ImportStore{DB: w.db}.Create(w.t.Context(), []controlplane.Tenant{{
		Assignment:   directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(slug), Cell: "cell-a", Epoch: 1, Plan: "free"},
		Organization: slug, PlacementReason: "because",
	}}, directory.Active)
	if err != nil || len(created) != 1 {
		w.t.Fatalf("%v, %v", created, err)
	}
	w.cells["cell-a"].Admit(created[0].TenantID, slug, 1)
	return w.get(created[0].TenantID)
}

func (w *world) get(id tenancy.ID) controlplane.Tenant {
	w.t.Helper()
	t, err := postgres.TenantStore{DB: w.db}.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) service() migration.Service {
	return migration.Service{
		Records: w.store(), Orders: w.store(), Certificates: w.store(), Parties: w.client, Tenants: postgres.TenantStore{DB: w.db},
		Cells: postgres.CellStore{DB: w.db}, Plans: controlplane.DefaultPlans(), Key: controlplane.NewCertificateKey(master), Clock: w.clock,
	}
}

func terms() controlplane.MigrationTerms {
	return controlplane.MigrationTerms{
		PauseBudget: controlplane.MostPauseBudget, RollbackWindow: time.Hour, MovesAtOnce: 1000, Reason: "test",
	}
}

// begin plans a move of a new tenant from cell-a to cell-b.
func (w *world) begin(slug string) *course {
	w.t.Helper()
	t := w.tenant(slug)
	m, err := w.service().Create(w.t.Context(), migration.Request{Tenant: t.TenantID, Target: "cell-b", Terms: terms()})
	if err != nil {
		w.t.Fatalf("%s: %v", slug, err)
	}
	return &course{world: w, id: m.ID, tenant: t.TenantID, name: slug}
}

// course is one migration under observation: every step that anybody takes is
// one of the model, and between any two a client writes.
type course struct {
	*world
	id     uuid.UUID
	tenant tenancy.ID
	name   string

	mu    sync.Mutex
	acked int
	seen  string // the states after the last step: nobody changes them but by steps
	steps []string
}

// worker returns a worker whose calls go through hook, which may be nil.
func (c *course) worker(hook func(call func() error) error) *migration.Worker {
	o := &observer{course: c, hook: hook, MigrationStore: c.store(), Client: c.client}
	if hook == nil {
		o.hook = func(call func() error) error { return call() }
	}
	return migration.NewWorker(migration.Options{
		Leases: o, Steps: o, Certificates: o, Parties: o, Tenants: postgres.TenantStore{DB: c.db}, Cells: postgres.CellStore{DB: c.db},
		Key: controlplane.NewCertificateKey(master), Clock: c.clock, Log: slog.New(slog.DiscardHandler), Metrics: migration.NewMetrics(prometheus.NewRegistry()),
		Wait: wait,
	})
}

// wait lets no time go by, but for the watch over something long, which would
// else never rest.
func wait(ctx context.Context, d time.Duration) error {
	if d == 1500*time.Millisecond {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (c *course) now() controlplane.Migration {
	c.t.Helper()
	m, err := c.store().Get(context.WithoutCancel(c.t.Context()), c.id)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *course) state(cell string) string {
	if s := c.cells[cell].Residents()[c.tenant].State; s != "" {
		return s
	}
	return "absent"
}

func (c *course) states() string {
	return c.state("cell-a") + " " + c.state("cell-b") + " " + string(c.now().Phase)
}

// observe runs one request to one party, checks that it is a step of the model,
// and has the client write.
func (c *course) observe(step string, call func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.seen
	if before == "" {
		before = c.states()
	}
	err := call()
	after := c.states()
	c.seen = after
	taken := step + " " + before + " " + after
	c.steps = append(c.steps, taken)
	arrived := err == nil || before != after // a refused step, or one that got lost, is none
	if !c.model[taken] && (step != "" || before != after) && arrived {
		c.t.Errorf("%s: not a step of the model: %s (%v)", c.name, taken, err)
	}
	c.write()
	return err
}

// write is a client's write, wherever the tenant is live: it finds every write
// that was acknowledged.
func (c *course) write() {
	live := 0
	for _, cell := range []string{"cell-a", "cell-b"} {
		if writes, ok := c.cells[cell].Write(c.tenant); ok {
			live++
			c.acked++
			if writes != c.acked {
				c.t.Errorf("%s: %s has %d writes, %d were acknowledged", c.name, cell, writes, c.acked)
			}
		}
	}
	if live > 1 {
		c.t.Errorf("%s: live in two cells", c.name)
	}
}

// order is what an operator wants once the migration is in its window, and the
// model's name for it.
type order struct {
	step string
	give func(s migration.Service, ctx context.Context, id uuid.UUID) (controlplane.Migration, error)
}

var (
	endWindow = order{"finish", migration.Service.EndWindow}
	rollBack  = order{"give_back", func(s migration.Service, ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
		return s.Rollback(ctx, id, "test")
	}}
)

// give gives an order.
func (c *course) give(o order) error {
	return c.observe(o.step, func() error {
		_, err := o.give(c.service(), context.WithoutCancel(c.t.Context()), c.id)
		return err
	})
}

// finish lets workers go on until the migration is over, with an order in the
// rollback window.
func (c *course) finish(o order) controlplane.Migration {
	c.t.Helper()
	ctx := context.WithoutCancel(c.t.Context())
	for range 60 {
		m := c.now()
		if m.Phase.Over() {
			return m
		}
		if m.Phase == controlplane.MigrationSettling {
			if err := c.give(o); err != nil {
				c.t.Fatalf("%s: %v", c.name, err)
			}
		}
		c.skip(20 * time.Second) // leases of the dead end
		if err := c.worker(nil).Work(ctx, c.id); err != nil {
			c.t.Fatalf("%s: %v", c.name, err)
		}
	}
	c.t.Fatalf("%s: does not end: %+v", c.name, c.now())
	return controlplane.Migration{}
}

// settled checks that the tenant lives in one cell, where the directory says.
func (c *course) settled(cell string, epoch uint64) {
	c.t.Helper()
	t := c.get(c.tenant)
	if t.Cell != cell || t.Epoch != epoch {
		c.t.Errorf("%s: the directory says %s, epoch %d", c.name, t.Cell, t.Epoch)
	}
	c.mu.Lock()
	c.write()
	c.mu.Unlock()
	for id, fake := range c.cells {
		held := fake.Residents()[c.tenant]
		switch {
		case id == cell && (held.State != fakecell.Live || held.Epoch != epoch || held.Writes != c.acked):
			c.t.Errorf("%s: %s holds %+v, %d writes acknowledged", c.name, id, held, c.acked)
		case id != cell && (held.State != "" && held.State != fakecell.Departed || held.Rows && c.now().Phase.Over()):
			c.t.Errorf("%s: %s still holds %+v", c.name, id, held)
		}
	}
}

var errDead = errors.New("the process was killed")

func wantCode(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}
