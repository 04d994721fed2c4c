package citus_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

var signer = chain.NewSigner("cell-test", bytes.Repeat([]byte{9}, 32), time.Now)

// seal gives every row of the tenant its place, as the sealer does.
func (db *database) seal(t testing.TB, s *chain.Signer, tenant tenancy.ID) {
	t.Helper()
	batches, err := db.mover.Backlog(t.Context(), []tenancy.ID{tenant}, 1000, chain.Grace)
	must(t, err)
	must(t, db.mover.ExtendChains(t.Context(), batches, s.Seal))
}

func (db *database) verify(t testing.TB, a cell.Arrival, anchor *cell.Checkpoint) chain.Report {
	t.Helper()
	report, err := chain.Verify(t.Context(), db.store.ReadChain(by(a, cell.AuditRead)), chain.Options{PublicKey: signer.PublicKey(), Anchor: anchor})
	must(t, err)
	return report
}

// tampering is SQL that the superuser runs; $1 is the tenant.
var tampering = []struct{ name, sql, kind string }{
	{"what", `UPDATE audit_logs SET details = '{"name": "y"}' WHERE tenant_id = $1 AND action = 'tenant.prepared'`, chain.RowChanged},
	{"when", `UPDATE audit_logs SET at = at - interval '1 microsecond' WHERE tenant_id = $1 AND action = 'tenant.prepared'`, chain.RowChanged},
	{"who", `UPDATE audit_logs SET actor_id = gen_random_uuid() WHERE tenant_id = $1 AND action = 'workspace.created'`, chain.RowChanged},
	{"kind of actor", `UPDATE audit_logs SET actor_kind = 'system' WHERE tenant_id = $1`, chain.RowChanged},
	{"client", `UPDATE audit_logs SET actor_client = 'x' WHERE tenant_id = $1`, chain.RowChanged},
	{"token's subject", `UPDATE audit_logs SET actor_subject = 'x' WHERE tenant_id = $1`, chain.RowChanged},
	{"action", `UPDATE audit_logs SET action = 'x' WHERE tenant_id = $1`, chain.RowChanged},
	{"subject", `UPDATE audit_logs SET subject_id = gen_random_uuid() WHERE tenant_id = $1`, chain.RowChanged},
	{"type of subject", `UPDATE audit_logs SET subject_type = 'x' WHERE tenant_id = $1`, chain.RowChanged},
	{"request", `UPDATE audit_logs SET request_id = 'x' WHERE tenant_id = $1`, chain.RowChanged},
	{"remove a row", `DELETE FROM audit_logs WHERE tenant_id = $1 AND action = 'tenant.activated'`, chain.RowRemoved},
	{"remove a row and its place", `WITH c AS (DELETE FROM audit_chain WHERE tenant_id = $1 AND seq = 2 RETURNING audit_id)
		DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id IN (SELECT audit_id FROM c)`, chain.LinkMissing},
	{"insert into the past", `INSERT INTO audit_logs SELECT (jsonb_populate_record(a, '{"audit_id": "01900000-0000-7000-8000-000000000000"}')).*
		FROM audit_logs a WHERE tenant_id = $1 AND action = 'tenant.prepared'`, chain.RowInserted},
	{"exchange rows", `UPDATE audit_logs a SET (at, action, subject_type, subject_id, details) = (SELECT b.at, b.action, b.subject_type, b.subject_id, b.details
		FROM audit_logs b WHERE b.tenant_id = $1 AND b.action LIKE 'tenant.%' AND b.action <> a.action) WHERE tenant_id = $1 AND action LIKE 'tenant.%'`, chain.RowChanged},
	{"change a link", `UPDATE audit_chain SET hash = sha256('x') WHERE tenant_id = $1 AND seq = 2`, chain.RowChanged},
	{"cut off the tail", `DELETE FROM audit_chain WHERE tenant_id = $1 AND seq > 1`, chain.ChainCutOff},
	{"cut off the tail, rows too", `WITH c AS (DELETE FROM audit_chain WHERE tenant_id = $1 AND seq > 3 RETURNING audit_id)
		DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id IN (SELECT audit_id FROM c)`, chain.ChainCutOff},
	{"cut off the tail, rows and checkpoints too", `WITH c AS (DELETE FROM audit_chain WHERE tenant_id = $1 AND seq > 2 RETURNING audit_id),
		p AS (DELETE FROM audit_checkpoints WHERE tenant_id = $1 AND no > 1)
		DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id IN (SELECT audit_id FROM c)`, chain.ChainCutOff},
	{"remove the first checkpoint", `DELETE FROM audit_checkpoints WHERE tenant_id = $1 AND no = 1`, chain.CheckpointMissing},
	{"remove the last checkpoint", `DELETE FROM audit_checkpoints WHERE tenant_id = $1 AND no = 2`, chain.ChainCutOff},
	{"change a checkpoint", `UPDATE audit_checkpoints SET cell = 'x' WHERE tenant_id = $1`, chain.CheckpointChanged},
}

// Whatever the database's owner does behind the cell's back to what is sealed
// is found.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	db := open(t)
	late := chain.NewSigner("cell-test", bytes.Repeat([]byte{9}, 32), func() time.Time { return time.Now().Add(chain.CheckpointAge) })
	for _, c := range tampering {
		a := db.live(t)
		db.seal(t, signer, a.TenantID) // two rows, checkpoint 1
		for _, name := range []string{"one", "two"} {
			_, err := db.addWorkspace(t.Context(), a, name)
			must(t, err)
		}
		db.seal(t, late, a.TenantID) // two rows, checkpoint 2
		before := db.verify(t, a, nil)
		if !before.Intact() || before.Rows != 4 || before.Checkpoints != 2 || before.SignedTo != 4 || before.Pending != 0 {
			t.Fatalf("before: %+v", before)
		}
		rewrite(t, db.dsn, c.sql, a.TenantID.String())
		found := db.verify(t, a, &before.Last)
		if !slices.ContainsFunc(found.Findings, func(f chain.Finding) bool { return f.Kind == c.kind }) {
			t.Errorf("%s: no %s in %+v", c.name, c.kind, found)
		}
	}
}

// rewrite runs SQL of somebody who owns the server.
func rewrite(t *testing.T, dsn, sql, tenant string) {
	t.Helper()
	tag, err := superuser(t, dsn).Exec(t.Context(), sql, tenant)
	must(t, err)
	if tag.RowsAffected() == 0 {
		t.Fatalf("nothing was changed by %s", sql)
	}
}

// Many writers of few tenants, a sealer that runs meanwhile: every row has one
// place, none two, and the write path knows nothing of it.
func TestSealingWhileManyWrite(t *testing.T) {
	t.Parallel()
	db := open(t)
	sealer := db.startSealer(t, signer)
	arrivals := []cell.Arrival{db.live(t), db.live(t), db.live(t)}
	const writers, each = 6, 15
	var crowd sync.WaitGroup
	for w := range writers {
		crowd.Go(func() {
			for i := range each {
				if _, err := db.addWorkspace(t.Context(), arrivals[i%3], fmt.Sprint("w", w, " ", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	crowd.Wait()
	for _, a := range arrivals {
		db.awaitSealed(t, a, 2+writers*each/3)
	}
	sealer()
	// Another one goes on where it ended, and one alone.
	_, err := db.addWorkspace(t.Context(), arrivals[0], "later")
	must(t, err)
	db.startSealer(t, signer)
	db.startSealer(t, signer)
	db.awaitSealed(t, arrivals[0], 3+writers*each/3)
}

func (db *database) awaitSealed(t *testing.T, a cell.Arrival, rows int64) {
	t.Helper()
	testkit.EventuallyOK(t, "every row sealed", func() error {
		if r := db.verify(t, a, nil); !r.Intact() || r.Rows != rows || r.Pending != 0 || r.SignedTo == 0 {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
}

// startSealer runs a sealer until the test ends or the returned function is called.
func (db *database) startSealer(t *testing.T, s *chain.Signer) (stop func()) {
	t.Helper()
	sealer := chain.Sealer{
		Ledger: auditLog{db.mover}, Signer: s, Interval: 5 * time.Millisecond, Log: slog.New(slog.DiscardHandler), Sealed: chain.NewCounter(prometheus.NewRegistry()),
		Events: func(cell.ChainEnd, []cell.AuditRow) []cell.Delivery { return nil },
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			if err := sealer.RunOnce(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("sealer: %v", err)
			}
		}
	})
	stop = sync.OnceFunc(func() { cancel(); done.Wait() })
	t.Cleanup(stop)
	return stop
}

// auditLog lets package chain see the database's locks as its own.
type auditLog struct{ *citus.Mover }

func (l auditLog) LeadSealing(ctx context.Context) (chain.Leadership, error) {
	return leadership(l.Mover.LeadSealing(ctx))
}

func (l auditLog) LeadTrimming(ctx context.Context) (chain.Leadership, error) {
	return leadership(l.Mover.LeadTrimming(ctx))
}

func leadership(lock *citus.AuditLock, err error) (chain.Leadership, error) {
	if err != nil || lock == nil {
		return nil, err
	}
	return lock, nil
}

// A tenant brings its chain along. The next cell goes on at the next place and
// signs for the whole at once.
func TestTheChainGoesOnInAnotherCell(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	elsewhere := chain.NewSigner("cell-before", bytes.Repeat([]byte{1}, 32), time.Now)
	db.seal(t, elsewhere, a.TenantID)
	_, err := db.addWorkspace(t.Context(), a, "brought along, not sealed")
	must(t, err)
	db.seal(t, signer, a.TenantID)
	if r := db.verify(t, a, nil); !r.Intact() || r.Rows != 3 || r.Checkpoints != 2 || r.SignedTo != 3 || r.Last.Cell != "cell-test" {
		t.Errorf("%+v", r)
	}
}

// The fence holds for the sealer as for everybody.
func TestNothingIsSealedBehindAClosedFence(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	db.freeze(t, a, time.Hour)
	if rows, err := db.mover.NewRows(t.Context(), time.Hour, 10); err != nil || len(rows) != 0 {
		t.Errorf("found %v, %v", rows, err)
	}
	db.seal(t, signer, a.TenantID)
	if r := db.verify(t, a, nil); r.Rows != 0 || r.Pending != 2 || !r.Intact() {
		t.Errorf("%+v", r)
	}
	must(t, db.mover.Thaw(t.Context(), a.TenantID, 1, 1))
	db.startSealer(t, signer)
	db.awaitSealed(t, a, 2)
}
