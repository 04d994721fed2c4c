package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// Writers of every kind at once, some of which roll back; a reader follows and
// must never see a version before the one below it.
func TestVersionsHaveNoGapsInCommitOrder(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 1_000_000)
	store, tenants := postgres.DirectoryStore{DB: db}, postgres.TenantStore{DB: db}
	writing, stop := context.WithCancel(t.Context())
	defer stop()
	var reader sync.WaitGroup
	var seen []directory.Change
	reader.Go(func() {
		for last := uint64(0); ; {
			done := writing.Err() != nil
			run, err := store.Changes(t.Context(), last, 100)
			if err != nil {
				t.Errorf("reader: %v", err)
				return
			}
			for i, c := range run.Changes {
				if c.Version != last+1+uint64(i) {
					t.Errorf("version %d came after %d", c.Version, last+uint64(i))
					return
				}
			}
			seen = append(seen, run.Changes...)
			last = run.Last()
			if done && len(run.Changes) == 0 {
				return
			}
		}
	})
	var group errgroup.Group
	for w := range 4 {
		group.Go(func() error { return importSome(t.Context(), db, w) })
		group.Go(func() error { return signUpSome(t.Context(), db, w) })
		group.Go(func() error { return churnOne(t.Context(), db, tenants, w) })
	}
	must(t, group.Wait())
	stop()
	reader.Wait()
	_, version, err := store.Lookup(t.Context(), directory.Key{Kind: directory.BySlug, Value: "nobody"})
	if err != nil || uint64(len(seen)) != version {
		t.Errorf("%d changes seen, version %d, %v", len(seen), version, err)
	}
}

func importSome(ctx context.Context, db *postgres.DB, w int) error {
	imports := postgres.ImportStore{DB: db}
	for i := range 8 {
		if _, err := imports.Create(ctx, slugs(fmt.Sprintf("imported-%d-%d", w, i), 20), directory.Active); err != nil {
			return err
		}
		// A batch that fails after it took versions must give them back.
		bad := slugs(fmt.Sprintf("bad-%d-%d", w, i), 3)
		bad[1].TenantID = bad[0].TenantID
		if _, err := imports.Create(ctx, bad, directory.Active); fault.CodeOf(err) != fault.Stale {
			return fmt.Errorf("doubled id: %w", err)
		}
	}
	return nil
}

func signUpSome(ctx context.Context, db *postgres.DB, w int) error {
	signups := postgres.SignupStore{DB: db}
	for i := range 10 {
		tenant := newTenant(fmt.Sprintf("signed-%d-%d", w, i))
		su := newSignup(tenant, string(tenant.Slug))
		if err := errors.Join(signups.Reserve(ctx, su, tenant), signups.Commit(ctx, su)); err != nil {
			return err
		}
	}
	return nil
}

func churnOne(ctx context.Context, db *postgres.DB, tenants postgres.TenantStore, w int) error {
	created, err := postgres.ImportStore{DB: db}.Create(ctx, slugs(fmt.Sprintf("churned-%d", w), 1), directory.Active)
	if err != nil {
		return err
	}
	for range 10 {
		now, err := tenants.Get(ctx, created[0].TenantID)
		if err != nil {
			return err
		}
		next, _, err := now.Suspend("test")
		if now.State == directory.Suspended {
			next, _, err = now.Resume()
		}
		if err != nil {
			return err
		}
		if _, err := tenants.Update(ctx, next, "test"); err != nil {
			return err
		}
	}
	return nil
}

func TestOnlyOneOfTwoUpdatesFromOneVersionHappens(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	before := withTenant(t, db, "acme")
	next, _, err := before.Suspend("unpaid")
	must(t, err)
	after, err := postgres.TenantStore{DB: db}.Update(t.Context(), next, "tenant.suspend")
	must(t, err)
	if after.Version != before.Version+1 {
		t.Errorf("version %d after %d", after.Version, before.Version)
	}
	_, err = postgres.TenantStore{DB: db}.Update(t.Context(), next, "tenant.suspend")
	wantCode(t, "second update", err, fault.Stale)
	if now := get(t, db, before.TenantID); now.Version != after.Version || now.SuspendedReason != "unpaid" {
		t.Errorf("%+v", now)
	}
}

func TestPrunedLogSaysGone(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 1000) // two changes
	_, err := postgres.ImportStore{DB: db}.Create(t.Context(), slugs("tenant", 98), directory.Active)
	must(t, err)
	store := postgres.DirectoryStore{DB: db}
	future := time.Now().Add(time.Hour)
	if n, err := store.Prune(t.Context(), future, 10); n != 0 || err != nil {
		t.Fatalf("pruned %d changes that were not relayed, %v", n, err)
	}
	relayAll(t, store)
	if n, err := store.Prune(t.Context(), time.Now().Add(-time.Hour), 10); n != 0 || err != nil {
		t.Fatalf("pruned %d young changes, %v", n, err)
	}
	if n, err := store.Prune(t.Context(), future, 10); n != 90 || err != nil {
		t.Fatalf("pruned %d of 100, %v", n, err)
	}
	for since, code := range map[uint64]fault.Code{0: fault.Gone, 89: fault.Gone, 90: "", 100: "", 101: fault.Gone} {
		run, err := store.Changes(t.Context(), since, 1000)
		if fault.CodeOf(err) != code || code == "" && run.Last() != 100 {
			t.Errorf("since %d: up to %d, %v", since, run.Last(), err)
		}
	}
	if n, err := store.Prune(t.Context(), future, 0); n != 10 || err != nil {
		t.Fatalf("pruned %d of the last 10, %v", n, err)
	}
	_, err = store.Changes(t.Context(), 99, 10)
	wantCode(t, "since 99 of an empty log", err, fault.Gone)
	if run, err := store.Changes(t.Context(), 100, 10); err != nil || len(run.Changes) != 0 {
		t.Errorf("since 100 of an empty log: %v, %v", run, err)
	}
}

func relayAll(t *testing.T, store postgres.DirectoryStore) {
	t.Helper()
	led, err := store.Lead(t.Context(), func(ctx context.Context, o postgres.Outbox) error {
		run, err := o.Pending(ctx, 10_000)
		if err != nil {
			return err
		}
		return o.Relayed(ctx, run.Since, run.Last())
	})
	if err != nil || !led {
		t.Fatalf("led %v, %v", led, err)
	}
}

func TestOneLeaderAndItsWatermark(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	store := postgres.DirectoryStore{DB: db}
	_, err := store.Lead(t.Context(), func(ctx context.Context, o postgres.Outbox) error {
		led, err := store.Lead(ctx, func(context.Context, postgres.Outbox) error { return nil })
		if led || err != nil {
			t.Errorf("a second leader: %v, %v", led, err)
		}
		run, err := o.Pending(ctx, 1)
		if err != nil || run.Last() != 1 {
			t.Errorf("pending %+v, %v", run, err)
		}
		wantCode(t, "watermark from elsewhere", o.Relayed(ctx, 1, 2), fault.Stale)
		return o.Relayed(ctx, 0, 1)
	})
	must(t, err)
	relayAll(t, store)
	if lag, err := store.Lag(t.Context()); lag != 0 || err != nil {
		t.Errorf("lag %d, %v", lag, err)
	}
}

func TestCommitsAreAnnounced(t *testing.T) {
	t.Parallel()
	db := open(t)
	store, announcer := postgres.DirectoryStore{DB: db}, postgres.NewAnnouncer()
	ctx, stop := context.WithCancel(t.Context())
	first, stopped := announcer.Changed(), make(chan error, 1)
	go func() { stopped <- store.Listen(ctx, announcer) }()
	<-first // listening
	changed := announcer.Changed()
	withCell(t, db, "cell-a", 10)
	<-changed
	stop()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("listen ended with %v", err)
	}
}
