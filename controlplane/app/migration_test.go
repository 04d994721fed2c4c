package app_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/testkit"
)

// movers is a program with two cells and a tenant in the first.
func movers(t *testing.T) (p *program, from, to *fakecell.Cell, tenant api.Assignment) {
	t.Helper()
	p = start(t, options(database(t)))
	from = p.withCell(t, "cell-a", "us-central1", 10)
	tenant = p.signUp(t, "acme").Tenant
	to = p.withCell(t, "cell-b", "us-central1", 10)
	fakecell.Connect(from, to)
	return p, from, to, tenant
}

// watched follows the events of a migration until enough says so.
func (p *program) watched(t *testing.T, id string, enough func(api.Migration) bool) (seen []api.Migration) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/v1/migrations/"+id+"/watch", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.keys[controlplane.RoleViewer])
	resp, err := p.http.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v, %v", resp, err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var m api.Migration
		if err := json.Unmarshal([]byte(data), &m); err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, m); enough(m) {
			return seen
		}
	}
	t.Fatalf("the stream ended after %d events", len(seen))
	return nil
}

func TestATenantIsMovedThroughTheAPI(t *testing.T) {
	t.Parallel()
	p, from, to, tenant := movers(t)
	operator := p.client(t, controlplane.RoleOperator)
	ask, target := true, "cell-b"
	plan, err := operator.CreateMigrationWithResponse(t.Context(), api.MigrationRequest{TenantID: tenant.TenantID, ValidateOnly: &ask})
	if err != nil || plan.JSON200 == nil || plan.JSON200.Target != "cell-b" {
		t.Fatalf("%v, %s", err, plan.Body)
	}
	created, err := operator.CreateMigrationWithResponse(t.Context(), api.MigrationRequest{TenantID: tenant.TenantID, Target: &target})
	if err != nil || created.JSON201 == nil {
		t.Fatalf("%v, %s", err, created.Body)
	}
	id := created.JSON201.ID
	p.watched(t, id.String(), func(m api.Migration) bool { return m.Phase == controlplane.MigrationSettling })
	if a, b := from.Residents()[tenant.TenantID], to.Residents()[tenant.TenantID]; a.State != fakecell.Departed || b.State != fakecell.Live || b.Epoch != 2 {
		t.Errorf("source %+v, target %+v", a, b)
	}
	certificate, err := operator.GetCertificateWithResponse(t.Context(), id)
	key, keyErr := operator.GetCertificateKeyWithResponse(t.Context())
	if err != nil || keyErr != nil || key.JSON200 == nil {
		t.Fatalf("%v, %v", err, keyErr)
	}
	if c, err := controlplane.ReadCertificate(certificate.Body, key.JSON200.PublicKey); err != nil || c.Migration != id {
		t.Errorf("%v: %s", err, certificate.Body)
	}
	rolled, err := operator.RollbackMigrationWithResponse(t.Context(), id, api.Reason{})
	if err != nil || rolled.JSON200 == nil {
		t.Fatalf("%v, %s", err, rolled.Body)
	}
	seen := p.watched(t, id.String(), func(m api.Migration) bool { return m.Phase.Over() })
	if last := seen[len(seen)-1]; last.Phase != controlplane.MigrationRolledBack || last.PauseMs == nil || last.RollbackPauseMs == nil {
		t.Errorf("%+v", last)
	}
	if a := from.Residents()[tenant.TenantID]; a.State != fakecell.Live || a.Epoch != 3 {
		t.Errorf("back in the source: %+v", a)
	}
	list, err := operator.ListMigrationsWithResponse(t.Context(), &api.ListMigrationsParams{Tenant: &tenant.TenantID})
	if err != nil || list.JSON200 == nil || len(list.JSON200.Migrations) != 1 {
		t.Errorf("%v, %s", err, list.Body)
	}
	testkit.Eventually(t, "the metrics to count it", func() bool {
		_, _, body, err := p.do("GET", p.admin+"/metrics", "", "", nil)
		return err == nil && strings.Contains(body, `controlplane_migrations{phase="rolled_back"} 1`) && strings.Contains(body, `controlplane_migration_pause_seconds_count{mode="follow"} 1`)
	})
}

func TestMigrationRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	p, _, _, tenant := movers(t)
	secret := p.keys[controlplane.RoleOperator]
	const path, nobody = "/v1/migrations", "01a2082d-84e7-765b-961c-bea6dc90e917"
	id := tenant.TenantID.String()
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"no tenant", "POST", path, `{}`, 422, "invalid"},
		{"unknown tenant", "POST", path, `{"tenant_id":"` + nobody + `"}`, 404, "not_found"},
		{"unknown cell", "POST", path, `{"tenant_id":"` + id + `","target":"cell-x"}`, 404, "not_found"},
		{"its own cell", "POST", path, `{"tenant_id":"` + id + `","target":"cell-a"}`, 422, "invalid"},
		{"no pause at all", "POST", path, `{"tenant_id":"` + id + `","terms":{"pause_budget_ms":1}}`, 422, "invalid"},
		{"unknown term", "POST", path, `{"tenant_id":"` + id + `","terms":{"fast":true}}`, 422, "invalid"},
		{"window in the past", "POST", path, `{"tenant_id":"` + id + `","target":"cell-b","terms":{"not_after":"2020-01-01T00:00:00Z"}}`, 422, "invalid"},
		{"unknown migration", "GET", path + "/" + nobody, "", 404, "not_found"},
		{"not an id", "GET", path + "/acme", "", 422, "invalid"},
		{"watch an unknown one", "GET", path + "/" + nobody + "/watch", "", 404, "not_found"},
		{"abort an unknown one", "POST", path + "/" + nobody + "/abort", `{}`, 404, "not_found"},
		{"throttle to nothing", "POST", path + "/" + nobody + "/throttle", `{"bytes_per_second":-1}`, 422, "invalid"},
		{"drain an unknown cell", "POST", "/v1/cells/cell-x/drain", `{}`, 404, "not_found"},
		{"too many moves", "POST", "/v1/rebalance", `{"max_moves":1001}`, 422, "invalid"},
		{"cursor", "GET", path + "?cursor=YWNtZQ", "", 422, "invalid"},
	} {
		media := ""
		if c.body != "" {
			media = "application/json"
		}
		status, _, body, err := p.do(c.method, c.path, secret, media, strings.NewReader(c.body))
		if err != nil || status != c.status || !strings.Contains(body, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s %v", c.name, status, body, err)
		}
	}
}
