package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

// freeKeeps is for how long the plan of tests' tenants keeps the log.
var freeKeeps = cell.RetentionOf("free").Audit

// trim does a trimmer's turn of when so much time has passed.
func (p *process) trim(t *testing.T, later time.Duration) {
	t.Helper()
	store, err := citus.OpenStore(t.Context(), testkit.DSNAs(t, p.dsn, citus.AppRole, passwords.App), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	mover, err := citus.OpenMover(t.Context(), testkit.DSNAs(t, p.dsn, citus.MoverRole, passwords.Mover), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer mover.Close()
	clock := func() time.Time { return time.Now().Add(later) }
	trimmer := chain.Trimmer{
		Archive: archiveOf{mover}, Read: func(call *cell.Call) chain.Reader { return store.ReadChain(call) }, Signer: chain.NewSigner("cell-test", controlKey, clock),
		Keeps: func(string) time.Duration { return freeKeeps }, Clock: clock, Log: slog.New(slog.DiscardHandler), Refused: chain.NewRefusedCounter(prometheus.NewRegistry()),
	}
	if err := trimmer.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// archiveOf needs no lock: the tests' processes look for what is old when they
// start, and then not for minutes.
type archiveOf struct{ *citus.Mover }

func (archiveOf) LeadTrimming(context.Context) (chain.Leadership, error) { return unopposed{}, nil }

type unopposed struct{}

func (unopposed) Held(context.Context) error { return nil }
func (unopposed) Resign()                    {}

// addEntries gives a tenant so many entries of now that one checkpoint at least
// is signed for them, and waits for it.
func (p *process) addEntries(t *testing.T, tn tenant, epoch uint64) {
	t.Helper()
	p.exec(t, `INSERT INTO audit_logs (tenant_id, audit_id, actor_kind, action, subject_type, subject_id, request_id, details)
		SELECT $1, (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 13))::uuid,
			'system', 'test.done', 'test', gen_random_uuid(), 'test', '{}' FROM generate_series(1, $2)`, tn.id.String(), chain.CheckpointRows+40)
	testkit.EventuallyOK(t, "a checkpoint", func() error {
		v := p.auditVerification(t, tn, epoch)
		if !v.Intact || v.Pending > 0 || v.LastCheckpoint == nil || v.LastCheckpoint.Seq+chain.CheckpointRows < v.Entries {
			return fmt.Errorf("%+v", v)
		}
		return nil
	})
}

func (p *process) auditVerification(t *testing.T, tn tenant, epoch uint64) (v api.AuditVerification) {
	t.Helper()
	a := expect(t, p.atEpoch(t, tn, epoch, request{method: "GET", target: "/v1/audit-log/verification"}), 200)
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A tenant whose log was shortened moves, also while it is shortened further,
// and is verified where it arrives; who goes on from what is gone is told.
func TestATrimmedLogMoves(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	conn, ready := source.follow(t, tn, "")
	_ = conn.CloseNow()
	source.addEntries(t, tn, 1)
	first := source.auditIDs(t, tn)[0]
	source.trim(t, freeKeeps+time.Hour)
	before := source.auditVerification(t, tn, 1)
	if !before.Intact || before.Horizon == nil || before.Entries >= before.Horizon.Seq {
		t.Fatalf("%+v", before)
	}
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	source.addEntries(t, tn, 1)
	source.trim(t, freeKeeps+26*time.Hour)
	m.mustVerify(target)
	m.switchOver(source, target, "cell-b", 1)
	testkit.EventuallyOK(t, "an intact log in the target", func() error {
		v := target.auditVerification(t, tn, 2)
		if !v.Intact || v.Pending > 0 || v.Horizon == nil || v.Horizon.Seq <= before.Horizon.Seq {
			return fmt.Errorf("%+v", v)
		}
		return nil
	})
	gone := expect(t, target.atEpoch(t, tn, 2, request{method: "GET", target: "/v1/audit-log/export?after=" + first}), 410)
	followed := expect(t, target.atEpoch(t, tn, 2, request{method: "GET", target: "/v1/events?cursor=" + ready.Cursor}), 410)
	for _, a := range []answer{gone, followed} {
		if a.code() != "gone" || a.text("detail") == "" {
			t.Errorf("%s", a.body)
		}
	}
	left := target.auditIDs(t, tn)
	a := expect(t, target.atEpoch(t, tn, 2, request{method: "GET", target: "/v1/audit-log/export?after=" + left[0]}), 200)
	if len(a.body) == 0 {
		t.Error("nothing behind the first entry that is kept")
	}
}

// A whole-tenant export carries where the log begins.
func TestATrimmedLogIsExportedAndImported(t *testing.T) {
	t.Parallel()
	from, to := start(t, nil), start(t, nil)
	tn := from.signUp(t)
	from.addEntries(t, tn, 1)
	from.trim(t, freeKeeps+time.Hour)
	export := expect(t, from.asControlPlane(t, request{method: "GET", target: tn.archive()}), 200)
	expect(t, to.putBack(t, tn, 2, export.body), 200)
	testkit.EventuallyOK(t, "an intact log", func() error {
		if v := to.auditVerification(t, tn, 2); !v.Intact || v.Horizon == nil || v.Pending > 0 {
			return fmt.Errorf("%+v", v)
		}
		return nil
	})
}

func (p *process) auditIDs(t *testing.T, tn tenant) []string {
	t.Helper()
	return p.texts(t, `SELECT audit_id::text FROM audit_logs WHERE tenant_id = $1 ORDER BY audit_id`, tn.id.String())
}
