package postgres_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func open(t *testing.T) *postgres.DB {
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
	return postgres.New(pool, time.Now)
}

// withCell registers an active cell.
func withCell(t *testing.T, db *postgres.DB, id string, capacity int) {
	t.Helper()
	cells := postgres.CellStore{DB: db}
	_, err := cells.Register(t.Context(), id, controlplane.CellRegistration{
		Region: "us-central1", Tier: "standard", Endpoint: "http://127.0.0.1:1", InternalEndpoint: "http://127.0.0.1:2", CapacityTenants: capacity,
	})
	if err == nil {
		err = cells.Heartbeat(t.Context(), id, controlplane.Heartbeat{At: time.Now(), CapacityTenants: capacity})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func newTenant(slug string) controlplane.Tenant {
	return controlplane.Tenant{
		Assignment:   directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(slug), Cell: "cell-a", Epoch: 1, Plan: "free"},
		Organization: "Org " + slug, PlacementReason: "because",
	}
}

// withTenant makes an active tenant.
func withTenant(t *testing.T, db *postgres.DB, slug string) controlplane.Tenant {
	t.Helper()
	created, err := postgres.ImportStore{DB: db}.Create(t.Context(), []controlplane.Tenant{newTenant(slug)}, directory.Active)
	if err != nil || len(created) != 1 {
		t.Fatalf("%v, %v", created, err)
	}
	return get(t, db, created[0].TenantID)
}

func get(t *testing.T, db *postgres.DB, id tenancy.ID) controlplane.Tenant {
	t.Helper()
	tenant, err := postgres.TenantStore{DB: db}.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

func newSignup(t controlplane.Tenant, key string) controlplane.Signup {
	hash := sha256.Sum256([]byte(key))
	return controlplane.Signup{
		ID: uuid.New(), KeyHash: hash[:], RequestHash: []byte{1}, TenantID: t.TenantID, Cell: t.Cell, State: controlplane.SignupReserved,
		Lease: uuid.New(), LeaseUntil: time.Now().Add(time.Minute),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Fatalf("%s: %v, want %q", what, err, code)
	}
}

func slugs(prefix string, n int) []controlplane.Tenant {
	out := make([]controlplane.Tenant, n)
	for i := range out {
		out[i] = newTenant(fmt.Sprintf("%s-%d", prefix, i))
	}
	return out
}
