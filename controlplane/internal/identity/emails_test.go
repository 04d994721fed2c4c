package identity_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var master = []byte("0123456789abcdef0123456789abcdef")

// plane is a control plane's index over two cells.
type plane struct {
	t      *testing.T
	pool   *pgxpool.Pool
	store  postgres.EmailStore
	client *cellclient.Client
	a, b   *fakecell.Cell
	index  *identity.Emails
	now    time.Time
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	dsn := testkit.PostgresWithSchema(t, "controlplane", func(ctx context.Context, dsn string) error {
		_, err := postgres.ApplySchema(ctx, dsn)
		return err
	})
	pool, err := pg.Open(t.Context(), dsn, pg.PoolOptions{MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	db := postgres.New(pool, time.Now)
	p := &plane{t: t, pool: pool, store: postgres.EmailStore{DB: db}, a: fakecell.Start(t, "cell-a", master), b: fakecell.Start(t, "cell-b", master), now: time.Now()}
	for id, cell := range map[string]*fakecell.Cell{"cell-a": p.a, "cell-b": p.b} {
		cells := postgres.CellStore{DB: db}
		_, err := cells.Register(t.Context(), id, controlplane.CellRegistration{
			Region: "us-central1", Tier: "standard", Endpoint: "http://127.0.0.1:1", InternalEndpoint: cell.URL, CapacityTenants: 100,
		})
		if err == nil {
			err = cells.Heartbeat(t.Context(), id, controlplane.Heartbeat{At: time.Now(), CapacityTenants: 100})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p.client = cellclient.New(postgres.CellStore{DB: db}, master, time.Now)
	t.Cleanup(p.client.Close)
	p.index = p.newIndex()
	return p
}

// newIndex is another replica's.
func (p *plane) newIndex() *identity.Emails {
	return &identity.Emails{
		Cells: postgres.CellStore{DB: p.store.DB}, Sets: p.client, Store: p.store, Key: cellapi.EmailKey(master), Clock: func() time.Time { return p.now },
	}
}

func (p *plane) addTenant(slug string) tenancy.ID {
	p.t.Helper()
	tenant := controlplane.Tenant{
		Assignment:   directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(slug), Cell: "cell-a", Epoch: 1, Plan: "free"},
		Organization: slug, PlacementReason: "because",
	}
	if _, err := (postgres.ImportStore{DB: p.store.DB}).Create(p.t.Context(), []controlplane.Tenant{tenant}, directory.Active); err != nil {
		p.t.Fatal(err)
	}
	p.a.Arrive(tenant.TenantID, 1)
	return tenant.TenantID
}

// follow brings the index up to date and looks an address up.
func (p *plane) follow(email string, want ...controlplane.TenantRef) {
	p.t.Helper()
	if err := p.index.RunOnce(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.find(email, want...)
}

func (p *plane) find(email string, want ...controlplane.TenantRef) {
	p.t.Helper()
	refs, err := p.index.TenantsOf(p.t.Context(), email)
	if err != nil || !slices.Equal(refs, want) {
		p.t.Fatalf("%s: %v, %v, want %v", email, refs, err, want)
	}
}

func (p *plane) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.pool.Exec(p.t.Context(), sql, args...); err != nil {
		p.t.Fatal(err)
	}
}

func TestTheIndexFollowsTheCells(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	acme, zeta := p.addTenant("acme"), p.addTenant("zeta")
	ada, zada, bob := uuid.New(), uuid.New(), uuid.New()
	p.a.SetUser(acme, ada, "Ada@example.org")
	p.a.SetUser(acme, bob, "bob@example.org")
	p.a.SetUser(zeta, zada, "ada@Example.org")
	both := []controlplane.TenantRef{{TenantID: acme, UserID: ada}, {TenantID: zeta, UserID: zada}}
	p.follow("ADA@example.org", both...)
	p.find("eve@example.org")
	p.find("bob@example.org", controlplane.TenantRef{TenantID: acme, UserID: bob})

	p.a.SetUser(acme, bob, "")
	p.follow("bob@example.org")
	p.find("ada@example.org", both...)

	p.exec(`UPDATE tenants SET state = 'suspended' WHERE tenant_id = $1`, [16]byte(zeta))
	p.find("ada@example.org", both...) // who signs in is told that it is suspended
	p.exec(`UPDATE tenants SET state = 'deleting' WHERE tenant_id = $1`, [16]byte(zeta))
	p.find("ada@example.org", both[:1]...)
	p.exec(`UPDATE tenants SET state = 'deleted' WHERE tenant_id = $1`, [16]byte(zeta))
	p.now = p.now.Add(time.Hour) // all sets are compared, and what is gone is forgotten
	p.follow("ada@example.org", both[:1]...)
	var left int
	if err := p.pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM email_users) + (SELECT count(*) FROM email_heads)`).Scan(&left); err != nil || left != 2 {
		t.Errorf("%d rows are left, %v", left, err)
	}
	if addresses := strings.Count(fmt.Sprint(p.texts(`SELECT e::text FROM email_users e`)), "example"); addresses > 0 {
		t.Error("an address has left its cell")
	}
}

func (p *plane) texts(sql string) (texts []string) {
	p.t.Helper()
	rows, err := p.pool.Query(p.t.Context(), sql)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			p.t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// A tenant that moves stays findable all the while, and what its old cell still
// says counts no more.
func TestTheIndexFollowsMigrations(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	acme, ada, bob := p.addTenant("acme"), uuid.New(), uuid.New()
	p.a.SetUser(acme, ada, "ada@example.org")
	here := controlplane.TenantRef{TenantID: acme, UserID: ada}
	p.follow("ada@example.org", here)

	p.a.MoveUsers(p.b, acme)
	p.follow("ada@example.org", here) // sealed; the directory has not changed yet
	p.exec(`UPDATE tenants SET cell_id = 'cell-b', epoch = 2 WHERE tenant_id = $1`, [16]byte(acme))
	p.b.Arrive(acme, 2)
	p.follow("ada@example.org", here)
	p.b.SetUser(acme, bob, "bob@example.org")
	p.follow("bob@example.org", controlplane.TenantRef{TenantID: acme, UserID: bob})

	p.a.SetUser(acme, ada, "mallory@example.org") // rows that were not cleaned up
	p.follow("mallory@example.org")
	p.find("ada@example.org", here)
}

func TestTheIndexIsMadeAnew(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	acme, ada := p.addTenant("acme"), uuid.New()
	p.a.SetUser(acme, ada, "ada@example.org")
	here := controlplane.TenantRef{TenantID: acme, UserID: ada}
	p.follow("ada@example.org", here)
	p.exec(`DELETE FROM email_users`)
	p.follow("ada@example.org") // nobody knows that it is wrong
	if err := p.store.ForgetHeads(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.newIndex().RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.find("ada@example.org", here)
}

// A cell that does not answer keeps its own tenants waiting, and nobody else's.
func TestACellThatIsDownHoldsNobodyElseUp(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	acme, ada := p.addTenant("acme"), uuid.New()
	p.a.SetUser(acme, ada, "ada@example.org")
	p.b.FailWith(func(*http.Request) error { return fault.New(fault.Unavailable, "down") })
	if err := p.index.RunOnce(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	p.find("ada@example.org", controlplane.TenantRef{TenantID: acme, UserID: ada})
	p.b.FailWith(nil)
	p.follow("ada@example.org", controlplane.TenantRef{TenantID: acme, UserID: ada})
}
