package citus_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/shared/fault"
)

const day = 24 * time.Hour

// kept is what the plan of tests' tenants keeps of the log.
var kept = cell.RetentionOf("free").Audit

// signerIn is the test cell's signer when so much time has passed.
func signerIn(later time.Duration) *chain.Signer {
	return chain.NewSigner("cell-test", bytes.Repeat([]byte{9}, 32), func() time.Time { return time.Now().Add(later) })
}

// logged is a live tenant with six entries and three checkpoints: two of today,
// and one of two months later.
func (db *database) logged(t testing.TB) cell.Arrival {
	t.Helper()
	a := db.live(t)
	db.seal(t, signer, a.TenantID)
	for i, later := range []time.Duration{chain.CheckpointAge, 60 * day} {
		for _, name := range []string{"one", "two"} {
			_, err := db.addWorkspace(t.Context(), a, name+string(rune('0'+i)))
			must(t, err)
		}
		db.seal(t, signerIn(later), a.TenantID)
	}
	return a
}

// trim does a trimmer's turn when so much time has passed, and returns how many
// logs it refused to shorten.
func (db *database) trim(t testing.TB, later time.Duration) int {
	t.Helper()
	metrics := prometheus.NewRegistry()
	trimmer := chain.Trimmer{
		Archive: auditLog{db.mover}, Read: func(call *cell.Call) chain.Reader { return db.store.ReadChain(call) }, Signer: signerIn(later),
		Keeps: func(plan string) time.Duration { return cell.RetentionOf(plan).Audit },
		Clock: func() time.Time { return time.Now().Add(later) }, Log: slog.New(slog.DiscardHandler), Refused: chain.NewRefusedCounter(metrics),
	}
	must(t, trimmer.RunOnce(t.Context()))
	found, err := metrics.Gather()
	must(t, err)
	return int(found[0].GetMetric()[0].GetCounter().GetValue())
}

// auditIDs are the ids of the tenant's entries in the order of the chain.
func (db *database) auditIDs(t testing.TB, a cell.Arrival) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for _, text := range query(t, db.dsn, `SELECT c.audit_id::text FROM audit_chain c JOIN audit_logs l USING (tenant_id, audit_id) WHERE c.tenant_id = $1 ORDER BY c.seq`, a.TenantID.String()) {
		ids = append(ids, uuid.MustParse(text))
	}
	return ids
}

// What is older than the plan keeps is removed up to a checkpoint, nothing else
// is, and the log goes on and stays verifiable.
func TestLogIsShortenedByPlan(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.logged(t), db.live(t)
	ids := db.auditIDs(t, a)
	db.trim(t, kept-day)
	if r := db.verify(t, a, nil); r.Rows != 6 || r.Horizon.Drawn() {
		t.Fatalf("too early: %+v", r)
	}
	before := db.verify(t, a, nil).Last
	db.trim(t, kept+day)
	if r := db.verify(t, a, &before); !r.Intact() || r.Rows != 2 || r.Checkpoints != 2 || r.Horizon.Base.Seq != 4 || r.SignedTo != 6 {
		t.Fatalf("%+v", r)
	}
	if left := db.auditIDs(t, a); !slices.Equal(left, ids[4:]) {
		t.Errorf("left are %v of %v", left, ids)
	}
	db.trim(t, kept+day+time.Hour) // drawn a moment ago
	db.trim(t, kept+61*day)
	if r := db.verify(t, a, &before); !r.Intact() || r.Rows != 0 || r.Checkpoints != 1 || r.Horizon.Base.Seq != 6 {
		t.Fatalf("all is old: %+v", r)
	}
	_, err := db.addWorkspace(t.Context(), a, "goes on")
	must(t, err)
	db.seal(t, signerIn(kept+61*day), a.TenantID)
	if r := db.verify(t, a, &before); !r.Intact() || r.Rows != 1 || r.Last.Seq != 7 || r.Last.No != 4 {
		t.Errorf("gone on: %+v", r)
	}
	if r := db.verify(t, other, nil); !r.Intact() || r.Horizon.Drawn() {
		t.Errorf("another tenant: %+v", r)
	}
}

// A trimmer may die anywhere: nothing is removed that is not signed for, and
// what is signed for is removed later.
func TestTrimmerMayDieAnywhere(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.logged(t)
	if more, err := db.mover.RemoveBehindHorizon(t.Context(), a.TenantID, 1); err != nil || more || len(db.auditIDs(t, a)) != 6 {
		t.Errorf("without a horizon: %v, %v", more, err)
	}
	r, err := chain.Verify(t.Context(), db.store.ReadChain(by(a, cell.AuditRead)), chain.Options{PublicKey: signer.PublicKey(), Before: time.Now().Add(day)})
	must(t, err)
	drawn, err := db.mover.DrawHorizon(t.Context(), r.Horizon, signer.Draw(a.TenantID, r.Cut, time.Now()))
	if err != nil || !drawn {
		t.Fatalf("%v, %v", drawn, err)
	}
	for more, left := true, 6; ; left-- {
		if r := db.verify(t, a, &r.Last); !r.Intact() || r.Rows != int64(left) {
			t.Fatalf("with %d left: %+v", left, r)
		}
		if !more {
			break
		}
		if more, err = db.mover.RemoveBehindHorizon(t.Context(), a.TenantID, 1); err != nil {
			t.Fatal(err)
		}
		if left == 6 { // the first time two go
			left--
		}
	}
	if again, err := db.mover.DrawHorizon(t.Context(), r.Horizon, signer.Draw(a.TenantID, r.Cut, time.Now())); err != nil || again {
		t.Errorf("another one's horizon was replaced: %v, %v", again, err)
	}
	// Only signed for, then a trimmer that knows nothing of it.
	b := db.logged(t)
	r, err = chain.Verify(t.Context(), db.store.ReadChain(by(b, cell.AuditRead)), chain.Options{PublicKey: signer.PublicKey(), Before: time.Now().Add(day)})
	must(t, err)
	_, err = db.mover.DrawHorizon(t.Context(), cell.Horizon{}, signer.Draw(b.TenantID, r.Cut, time.Now()))
	must(t, err)
	db.trim(t, 0)
	if n := len(db.auditIDs(t, b)); n != 2 {
		t.Errorf("%d entries are left", n)
	}
}

// misdeeds are those of somebody who owns the server, against a log whose first
// four places are gone; $1 is the tenant.
var misdeeds = []struct{ name, sql, kind string }{
	{"remove one entry more", `DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id = (SELECT audit_id FROM audit_chain WHERE tenant_id = $1 AND seq = 5)`, chain.RowRemoved},
	{"and its place", `WITH c AS (DELETE FROM audit_chain WHERE tenant_id = $1 AND seq = 5 RETURNING audit_id)
		DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id IN (SELECT audit_id FROM c)`, chain.LinkMissing},
	{"and where the log begins", `WITH c AS (DELETE FROM audit_chain WHERE tenant_id = $1 AND seq <= 5 RETURNING audit_id)
		DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id IN (SELECT audit_id FROM c)`, chain.LinkMissing},
	{"set the horizon further", `UPDATE audit_horizons h SET seq = c.seq, audit_id = c.audit_id, hash = c.hash, newest = c.newest FROM audit_chain c
		WHERE h.tenant_id = $1 AND c.tenant_id = $1 AND c.seq = 5`, chain.HorizonChanged},
	{"set its moment", `UPDATE audit_horizons SET before = before - interval '1 day' WHERE tenant_id = $1`, chain.HorizonChanged},
	{"remove the horizon", `DELETE FROM audit_horizons WHERE tenant_id = $1`, chain.LinkMissing},
	{"remove its checkpoint", `DELETE FROM audit_checkpoints WHERE tenant_id = $1 AND no = 2`, chain.ChainCutOff},
	{"remove everything but the horizon", `WITH c AS (DELETE FROM audit_chain WHERE tenant_id = $1), p AS (DELETE FROM audit_checkpoints WHERE tenant_id = $1)
		DELETE FROM audit_logs WHERE tenant_id = $1`, chain.ChainCutOff},
	{"make up an entry before it", `WITH made AS (INSERT INTO audit_logs SELECT (jsonb_populate_record(a, '{"audit_id": "01900000-0000-7000-8000-000000000000"}')).*
		FROM audit_logs a WHERE tenant_id = $1 LIMIT 1 RETURNING tenant_id, audit_id)
		INSERT INTO audit_chain (tenant_id, seq, audit_id, hash, newest) SELECT tenant_id, 3, audit_id, sha256('x'), audit_id FROM made`, chain.LinkMissing},
	{"make up a place before it", `INSERT INTO audit_chain (tenant_id, seq, audit_id, hash, newest) VALUES ($1, 3, gen_random_uuid(), sha256('x'), gen_random_uuid())`, chain.RowRemoved},
	{"change the place at it", `UPDATE audit_chain SET hash = sha256('x') WHERE tenant_id = $1 AND seq = 4`, chain.ChainCutOff},
}

// Whatever else is removed, or made up, is found.
func TestMisdeedsAtTheHorizonAreFound(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, c := range misdeeds {
		a := db.logged(t)
		db.trim(t, kept+day)
		rewrite(t, db.dsn, c.sql, a.TenantID.String())
		db.wantFinding(t, c.name, a, c.kind)
	}
	forged := func(name string, kind string, forge func(cell.Horizon) cell.Horizon) {
		a := db.logged(t)
		db.trim(t, kept+day)
		h, err := db.store.ReadChain(by(a, cell.AuditRead)).Horizon(t.Context())
		must(t, err)
		f := forge(h)
		conn, err := pgx.Connect(t.Context(), db.dsn)
		must(t, err)
		defer conn.Close(context.WithoutCancel(t.Context()))
		_, err = conn.Exec(t.Context(), `UPDATE audit_horizons SET digest = $2, signed_at = $3, public_key = $4, signature = $5 WHERE tenant_id = $1`,
			a.TenantID.String(), f.Digest[:], f.SignedAt, []byte(f.PublicKey), f.Signature)
		must(t, err)
		db.wantFinding(t, name, a, kind)
	}
	forged("sign with another key", chain.UnknownSigner, func(h cell.Horizon) cell.Horizon {
		last := chain.Cut{Link: h.Base, Checkpoint: cell.Checkpoint{No: h.Checkpoint}}
		return chain.NewSigner("cell-test", bytes.Repeat([]byte{8}, 32), time.Now).Draw(h.Tenant, last, h.Before)
	})
	forged("take another tenant's", chain.HorizonChanged, func(h cell.Horizon) cell.Horizon {
		h.Tenant = arrival().TenantID
		return signer.Draw(h.Tenant, chain.Cut{Link: h.Base}, h.Before)
	})
}

func (db *database) wantFinding(t *testing.T, name string, a cell.Arrival, kind string) {
	t.Helper()
	found := db.verify(t, a, nil)
	if !slices.ContainsFunc(found.Findings, func(f chain.Finding) bool { return f.Kind == kind }) {
		t.Errorf("%s: no %s in %+v", name, kind, found)
	}
}

// A horizon that once held is no excuse later.
func TestAnOlderHorizonIsFound(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.logged(t)
	id := a.TenantID.String()
	db.trim(t, kept+day)
	rewrite(t, db.dsn, `CREATE TABLE kept AS SELECT * FROM audit_horizons WHERE tenant_id = $1`, id)
	db.trim(t, kept+61*day)
	rewrite(t, db.dsn, `DELETE FROM audit_horizons WHERE tenant_id = $1`, id)
	rewrite(t, db.dsn, `INSERT INTO audit_horizons SELECT * FROM kept WHERE tenant_id = $1`, id)
	db.wantFinding(t, "an older horizon", a, chain.LinkMissing)
}

// A log that was tampered with is evidence and stays as it is.
func TestNothingIsRemovedFromALogThatIsNotIntact(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, frozen := db.logged(t), db.logged(t)
	rewrite(t, db.dsn, tampering[0].sql, a.TenantID.String())
	db.freeze(t, frozen, time.Hour)
	if refused := db.trim(t, kept+day); refused != 1 {
		t.Errorf("%d were refused", refused)
	}
	for _, tenant := range []cell.Arrival{a, frozen} {
		if r := db.verify(t, tenant, nil); r.Rows != 6 || r.Horizon.Drawn() {
			t.Errorf("%+v", r)
		}
	}
	held, err := db.mover.DrawHorizon(t.Context(), cell.Horizon{}, cell.Horizon{Tenant: frozen.TenantID})
	if more, removing := db.mover.RemoveBehindHorizon(t.Context(), frozen.TenantID, 10); err != nil || held || removing != nil || more {
		t.Errorf("behind a closed fence: %v, %v, %v, %v", held, err, more, removing)
	}
}

// The next cell signs for where the log begins as it does for its end.
func TestTheHorizonIsSignedInAnotherCell(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.logged(t)
	db.trim(t, kept+day)
	next := chain.NewSigner("cell-next", bytes.Repeat([]byte{1}, 32), time.Now)
	verify := func() chain.Report {
		r, err := chain.Verify(t.Context(), db.store.ReadChain(by(a, cell.AuditRead)), chain.Options{PublicKey: next.PublicKey()})
		must(t, err)
		return r
	}
	if r := verify(); r.Intact() || r.Findings[0].Kind != chain.UnknownSigner {
		t.Errorf("not signed by the next: %+v", r)
	}
	_, err := db.addWorkspace(t.Context(), a, "in the next cell")
	must(t, err)
	db.seal(t, next, a.TenantID)
	if r := verify(); !r.Intact() || r.Horizon.Cell != "cell-next" || r.Horizon.Base.Seq != 4 || r.Rows != 3 {
		t.Errorf("%+v", r)
	}
}

// Who goes on from what is gone is told, instead of skipping what came next.
func TestGoingOnFromWhatIsGone(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.logged(t)
	ids := db.auditIDs(t, a)
	db.trim(t, kept+day)
	for i, id := range ids {
		entries, err := db.store.ExportAudit(t.Context(), by(a, cell.AuditRead), cell.AuditFilter{}, id, 10)
		if gone := fault.CodeOf(err) == fault.Gone; gone != (i < 4) || !gone && len(entries) != 5-i {
			t.Errorf("after %d: %d entries, %v", i+1, len(entries), err)
		}
	}
	page, err := db.store.ReadEvents(t.Context(), by(a, cell.AuditRead), 4, 10)
	if err != nil || page.Horizon != 4 || page.Head != 6 || len(page.Events) != 2 {
		t.Errorf("%+v, %v", page, err)
	}
}
