package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/testkit"
)

func TestSignUpIsServedAtOnceByEitherRouter(t *testing.T) {
	p := platform(t)
	for _, region := range []string{us, eu} {
		x := signUp(t, p, region)
		if want := map[string]string{us: "cell-a", eu: "cell-b"}[region]; x.Cell != want {
			t.Errorf("a tenant of %s lives in %s, want %s", region, x.Cell, want)
		}
		for _, through := range []string{us, eu} {
			if status, body := x.call(t, p, through, "GET", "/v1/organization", ""); status != http.StatusOK || !strings.Contains(string(body), x.Slug) {
				t.Errorf("%s through %s: %d %s", x.Slug, through, status, body)
			}
		}
		testkit.Eventually(t, "the welcome mail to arrive", func() bool {
			_, mails := send(t, request{method: "GET", url: p.State().Endpoints.MailURL + "/api/messages"})
			return strings.Contains(string(mails), "owner@"+x.Slug+".example")
		})
	}
}

func TestSignUpTwiceWithOneKeyIsOneTenant(t *testing.T) {
	p := platform(t)
	x := signUp(t, p, us)
	slug, key := "twice-"+x.Slug, "key-"+x.ID
	first, firstBody := trySignUp(t, p, slug, us, key)
	again, againBody := trySignUp(t, p, slug, us, key)
	if first != 201 || again != 201 || tenantOf(t, firstBody) != tenantOf(t, againBody) {
		t.Errorf("first %d %s; again %d %s", first, firstBody, again, againBody)
	}
	if status, body := trySignUp(t, p, slug, us, "another-"+key); status != 409 {
		t.Errorf("a taken slug: %d %s", status, body)
	}
	if status, body := trySignUp(t, p, "other-"+x.Slug, us, key); status != 422 || !strings.Contains(string(body), "key_reused") {
		t.Errorf("a reused key: %d %s", status, body)
	}
}

// Every table of both cells is looked through: a tenant's rows are in its own
// cell and nowhere else.
func TestRowsAreOnlyInTheTenantsCell(t *testing.T) {
	p := platform(t)
	a, b := signUp(t, p, us), signUp(t, p, eu)
	for _, x := range []tenant{a, b} {
		for i := range 3 {
			if status, body := x.call(t, p, us, "POST", "/v1/workspaces", fmt.Sprintf(`{"name":"Workspace %d"}`, i)); status != http.StatusCreated {
				t.Fatalf("workspace: %d %s", status, body)
			}
		}
	}
	for cell, e := range p.State().Endpoints.Cells {
		for _, x := range []tenant{a, b} {
			rows := rowsByTable(t, e.SuperDatabaseURL, x.ID)
			if own := x.Cell == cell; own != (len(rows) > 0) {
				t.Errorf("%s has rows of a tenant of %s: %v", cell, x.Cell, rows)
			}
		}
	}
}

// rowsByTable is how many rows each table holds of a tenant, without those that hold none.
func rowsByTable(t *testing.T, dsn, tenantID string) map[string]int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT quote_ident(table_schema) || '.' || quote_ident(c.table_name) FROM information_schema.columns c
		JOIN information_schema.tables USING (table_schema, table_name)
		WHERE column_name = 'tenant_id' AND table_type = 'BASE TABLE' AND table_schema = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 8 {
		t.Fatalf("tables with tenants: %v, %v", tables, err)
	}
	held := map[string]int{}
	for _, table := range tables {
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table+" WHERE tenant_id = $1", tenantID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			held[table] = n
		}
	}
	return held
}

// Tenant A tries everything it can send to reach tenant B's rows.
func TestATenantNeverReachesAnothersRows(t *testing.T) {
	p := platform(t)
	a, b, c := signUp(t, p, us), signUp(t, p, us), signUp(t, p, eu) // b shares a's cell, c does not
	router := p.State().Endpoints.Routers[us].URL
	for _, victim := range []tenant{b, c} {
		status, body := victim.call(t, p, us, "POST", "/v1/workspaces", `{"name":"Secret plans"}`)
		var made struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(body, &made); status != http.StatusCreated || err != nil || made.ID == "" {
			t.Fatalf("%d %s", status, body)
		}
		for name, r := range map[string]request{
			"a's key at the victim's host":         {host: victim.Slug + ".localhost", key: a.Key},
			"a's key and the victim's id":          {host: a.Slug + ".localhost", key: a.Key, header: map[string]string{"X-Tenant-ID": victim.ID}},
			"the id on the API host":               {host: "api.localhost", key: a.Key, header: map[string]string{"X-Tenant-ID": victim.ID}},
			"the id with underscores":              {host: a.Slug + ".localhost", key: a.Key, header: map[string]string{"X_Tenant_ID": victim.ID}},
			"the victim's id inside a's key":       {host: "api.localhost", key: "cdt_" + strings.ReplaceAll(victim.ID, "-", "") + a.Key[36:]},
			"the victim's key cut short":           {host: victim.Slug + ".localhost", key: victim.Key[:len(victim.Key)-1]},
			"no key":                               {host: victim.Slug + ".localhost"},
			"forwarded host":                       {host: a.Slug + ".localhost", key: a.Key, header: map[string]string{"X-Forwarded-Host": victim.Slug + ".localhost"}},
			"the row's id in a's own context":      {host: a.Slug + ".localhost", key: a.Key},
			"the victim's tenant id as a row's id": {host: a.Slug + ".localhost", key: a.Key},
		} {
			r.method, r.url = "GET", router+"/v1/workspaces/"+made.ID
			status, body := send(t, r)
			if status < 400 || status >= 500 || strings.Contains(string(body), "Secret") {
				t.Errorf("%s: %d %s", name, status, body)
			}
			r.url = router + "/v1/workspaces"
			if _, body := send(t, r); strings.Contains(string(body), made.ID) || strings.Contains(string(body), "Secret") {
				t.Errorf("%s, list: %s", name, body)
			}
			r.method, r.url = "DELETE", router+"/v1/workspaces/"+made.ID
			send(t, r)
		}
		if status, body := victim.call(t, p, us, "GET", "/v1/workspaces/"+made.ID, ""); status != http.StatusOK {
			t.Errorf("the victim's row is gone: %d %s", status, body)
		}
	}
}

// A cell believes nobody but the router.
func TestACellRefusesUnsignedRequests(t *testing.T) {
	p := platform(t)
	x := signUp(t, p, us)
	cell := p.State().Endpoints.Cells[x.Cell]
	for _, url := range []string{cell.URL + "/v1/organization", cell.InternalURL + "/internal/v1/tenants"} {
		status, body := send(t, request{method: "GET", url: url, key: x.Key, header: map[string]string{
			"X-Tenant-Id": x.ID, "X-Tenant-Epoch": "1", "X-Edge-Signature": "v1=" + strings.Repeat("0", 64), "X-Edge-Timestamp": "1",
		}})
		if status != http.StatusUnauthorized || !strings.Contains(string(body), "request_id") {
			t.Errorf("%s: %d %s", url, status, body)
		}
	}
}

func TestSuspensionBitesAtEveryRouter(t *testing.T) {
	p := platform(t)
	x := signUp(t, p, us)
	for _, step := range []struct {
		verb string
		want int
	}{{"suspend", http.StatusPaymentRequired}, {"resume", http.StatusOK}} {
		if status, body := operator(t, p, "POST", "/v1/tenants/"+x.ID+"/"+step.verb, `{"reason":"test"}`); status >= 300 {
			t.Fatalf("%s: %d %s", step.verb, status, body)
		}
		for _, region := range []string{us, eu} {
			testkit.Eventually(t, step.verb+" to bite in "+region, func() bool {
				status, _ := x.call(t, p, region, "GET", "/v1/organization", "")
				return status == step.want
			})
		}
	}
}

func TestBadInputIsAProblemDocumentAndStoresNothing(t *testing.T) {
	p := platform(t)
	x := signUp(t, p, us)
	control, router := p.State().Endpoints.ControlPlane.URL, p.State().Endpoints.Routers[us].URL
	own := func(method, path, body string) request {
		return request{method: method, url: router + path, host: x.Slug + ".localhost", key: x.Key, body: body}
	}
	signup := func(body string) request {
		return request{method: "POST", url: control + "/v1/signups", body: body, header: map[string]string{"Idempotency-Key": "bad-input-test"}}
	}
	_, before := operator(t, p, "GET", "/v1/tenants?limit=100", "")
	for name, c := range map[string]struct {
		r      request
		status int
	}{
		"malformed JSON":             {signup(`{"organization":`), 400},
		"unknown field":              {signup(`{"organization":"O","slug":"valid-slug","owner":{"name":"N","email":"n@e.example"},"role":"admin"}`), 422},
		"reserved slug":              {signup(`{"organization":"O","slug":"admin","owner":{"name":"N","email":"n@e.example"}}`), 422},
		"punycode slug":              {signup(`{"organization":"O","slug":"xn--80ak6aa92e","owner":{"name":"N","email":"n@e.example"}}`), 422},
		"look-alike slug":            {signup(`{"organization":"O","slug":"аpple","owner":{"name":"N","email":"n@e.example"}}`), 422},
		"too large":                  {signup(`{"organization":"` + strings.Repeat("x", 2<<20) + `"}`), 413},
		"control plane, path":        {request{method: "GET", url: control + "/v1/nothing"}, 404},
		"control plane, method":      {request{method: "PATCH", url: control + "/v1/signups"}, 405},
		"content type":               {request{method: "POST", url: control + "/v1/signups", body: "x", header: map[string]string{"Content-Type": "text/plain", "Idempotency-Key": "bad"}}, 415},
		"no credential":              {request{method: "GET", url: control + "/v1/tenants"}, 401},
		"unknown tenant":             {request{method: "GET", url: router + "/", host: "nobody-is-here.localhost"}, 404},
		"tenant's, malformed":        {own("POST", "/v1/workspaces", `{`), 400},
		"tenant's, unknown field":    {own("POST", "/v1/workspaces", `{"name":"W","tenant_id":"x"}`), 422},
		"tenant's, path":             {own("GET", "/v1/nothing", ""), 404},
		"tenant's, method":           {own("PUT", "/v1/workspaces", `{}`), 405},
		"tenant's, id":               {own("GET", "/v1/workspaces/1%27%20OR%201=1", ""), 422},
		"tenant's, NUL":              {own("POST", "/v1/workspaces", `{"name":"\u0000"}`), 400},
		"tenant's, cursor tampering": {own("GET", "/v1/workspaces?cursor=AAAA", ""), 422},
	} {
		status, header, body, err := trySend(t.Context(), c.r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if status != c.status || !strings.HasPrefix(header.Get("Content-Type"), "application/problem+json") ||
			!strings.Contains(string(body), `"code"`) || !strings.Contains(string(body), `"request_id"`) {
			t.Errorf("%s: %d (want %d) %v %s", name, status, c.status, header, body)
		}
	}
	if _, after := operator(t, p, "GET", "/v1/tenants?limit=100", ""); string(after) != string(before) {
		t.Error("bad input changed the list of tenants")
	}
	if _, body := x.call(t, p, us, "GET", "/v1/workspaces", ""); strings.Contains(string(body), `"name"`) {
		t.Errorf("bad input left a workspace: %s", body)
	}
}
