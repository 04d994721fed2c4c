package app_test

import (
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/testkit"
)

// hold tells the cell whether the tenant's own work waits.
func (p *process) hold(t *testing.T, tn tenant, version int, held bool) {
	t.Helper()
	body := map[string]any{"epoch": 1, "version": version, "plan": "free", "held": held}
	expect(t, p.asControlPlane(t, request{method: "PUT", target: "/internal/v1/tenants/" + tn.id.String() + "/plan", body: body}), 204)
}

// states returns how far the tenant's jobs of a kind have come.
func (p *process) states(t *testing.T, tn tenant, kind cell.JobKind) []string {
	t.Helper()
	return p.texts(t, `SELECT DISTINCT state FROM jobs WHERE tenant_id = $1 AND kind = $2`, tn.id.String(), string(kind))
}

// A tenant that owes: its schedules, reports and webhooks wait, its mails and
// exports do not, and another tenant notices nothing. Once it has paid, what
// waited is done.
func TestAHeldTenantsOwnWorkWaits(t *testing.T) {
	t.Parallel()
	p := startWithWebhooks(t)
	hook, w, other := newReceiver(t), newWorld(t, p), newWorld(t, p)
	p.addEndpoint(t, w.tn, map[string]any{"url": hook.url})
	schedule := map[string]any{"name": "hourly", "cron": "0 * * * *", "kind": "report", "missed": "once"}
	for _, each := range []*world{w, other} {
		expect(t, p.asTenant(t, each.tn, request{method: "POST", target: "/v1/schedules", body: schedule}), 201)
	}
	p.hold(t, w.tn, 5, true)
	p.hold(t, w.tn, 4, false) // late: changes nothing
	for _, each := range []*world{w, other} {
		expect(t, p.asTenant(t, each.tn, request{method: "POST", target: "/v1/reports", body: map[string]any{"format": "csv"}}), 202)
		p.exec(t, `UPDATE schedules SET next_run_at = now() - interval '1 minute' WHERE tenant_id = $1 AND NOT system`, each.tn.id.String())
		w.p.asTenant(t, each.tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": unique()}}) // an event
		each.made(t, invitation())
		expect(t, p.asTenant(t, each.tn, request{method: "POST", target: "/v1/exports"}), 202)
	}
	done := func(tn tenant, kind cell.JobKind) bool {
		states := p.states(t, tn, kind)
		return len(states) == 1 && states[0] == string(cell.JobDone)
	}
	const reports = `SELECT job_id::text FROM jobs WHERE tenant_id = $1 AND kind = 'report' AND state = 'done'`
	testkit.Eventually(t, "mail and export of the held tenant, everything of the other", func() bool {
		return done(w.tn, cell.InviteEmail) && done(w.tn, cell.DataExport) && len(p.texts(t, reports, other.tn.id.String())) == 2
	})
	testkit.Eventually(t, "deliveries that wait", func() bool { return len(p.states(t, w.tn, cell.WebhookDelivery)) == 1 })
	for _, kind := range cell.HeldKinds() {
		if states := p.states(t, w.tn, kind); len(states) != 1 || states[0] != string(cell.JobPending) {
			t.Errorf("%s while held: %v", kind, states)
		}
	}
	if n := len(p.texts(t, `SELECT job_id::text FROM jobs WHERE tenant_id = $1 AND kind = 'report'`, w.tn.id.String())); n != 1 {
		t.Errorf("%d reports: the schedule fired", n)
	}

	p.hold(t, w.tn, 6, false)
	testkit.Eventually(t, "what waited, with the missed slot", func() bool {
		return len(p.texts(t, reports, w.tn.id.String())) == 2 && done(w.tn, cell.WebhookDelivery)
	})
	hook.await(t, 1)
}
