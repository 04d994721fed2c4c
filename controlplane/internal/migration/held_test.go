package migration_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// What routers tell of a migration's pause is counted once and stands in its
// certificate some seconds later; the one before stays genuine.
func TestCertificatesTellOfHeldRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin("acme")
	c.toWindow()
	key := controlplane.NewCertificateKey(master)
	read := func() (controlplane.Certificate, []byte) {
		t.Helper()
		document, err := w.store().Certificate(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := controlplane.ReadCertificate(document, key.Public())
		if err != nil {
			t.Fatal(err)
		}
		return certificate, document
	}
	sum := func(ago time.Duration) {
		t.Helper()
		summer := migration.Summer{Sums: w.store(), Key: key, Clock: func() time.Time { return w.clock().Add(-ago) }}
		if err := summer.RunOnce(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	sum(time.Minute) // at once
	before, first := read()
	if before.RequestsHeld != nil {
		t.Errorf("known at once: %+v", before)
	}
	window := func(held, failed, longest int64, tenant tenancy.ID) directory.HeldWindow {
		return directory.HeldWindow{ID: uuid.Must(uuid.NewV7()), TenantID: tenant, Began: w.clock(), Held: held, Failed: failed, Longest: longest}
	}
	told := []directory.HeldWindow{window(7, 0, 80, c.tenant), window(3, 1, 120, c.tenant), window(5, 5, 900, tenancy.NewID())}
	for range 2 {
		if err := w.store().AddHeldWindows(t.Context(), told); err != nil {
			t.Fatal(err)
		}
	}
	w.skip(20 * time.Second)
	sum(0)
	sum(0)
	after, _ := read()
	if after.RequestsHeld == nil || *after.RequestsHeld != 10 || *after.RequestsFail != 1 || *after.LongestHeldMS != 120 || after.Rows != before.Rows || !after.Issued.After(before.Issued) {
		t.Errorf("%+v", after)
	}
	if again, err := controlplane.ReadCertificate(first, key.Public()); err != nil || again.RequestsHeld != nil {
		t.Errorf("the first one: %+v, %v", again, err)
	}
}
