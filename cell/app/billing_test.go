package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// till plays the control plane towards a cell: whatever the cell asks must fit
// the control plane's own document, and so do its answers.
type till struct {
	mu      sync.Mutex
	asked   map[string]string       // by tenant: method, target and body of the last request
	refuses map[string]*fault.Error // by tenant: instead of an answer
}

const tillToken = "ctk_of_the_cell"

// sharedTill is asked by the shared process.
var sharedTill = &till{}

// withTill has a process ask the till.
func withTill(t testing.TB, p *till) func(*app.APIOptions) {
	t.Helper()
	spec, err := os.ReadFile("../../controlplane/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	check, err := web.NewValidator(spec)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(check(http.HandlerFunc(p.serve)))
	t.Cleanup(server.Close)
	return func(o *app.APIOptions) { o.ControlplaneURL, o.ControlplaneToken = server.URL, tillToken }
}

// tillAnswers are what the control plane may answer, by what follows the tenant.
var tillAnswers = map[string]string{
	"": `{"standing":"grace","status":"active","plan":"team","interval":"month","amount":4900,"currency":"usd","owed":4900,
		"owed_since":"2026-03-31T00:00:00Z","period_start":"2026-03-01T00:00:00Z","period_end":"2026-03-31T00:00:00Z","synced_at":"2026-03-31T00:00:00Z"}`,
	"/plans": `{"currency":"usd","plans":[{"name":"team","title":"Team","trial_days":14,"entitlements":["webhooks"],"prices":[{"interval":"month","amount":4900}],
		"usage":[{"meter":"jobs","included":100000,"each":"0.01"}]}]}`,
	"/usage": `{"period_start":"2026-03-01T00:00:00Z","period_end":"2026-03-31T00:00:00Z","meters":[{"meter":"jobs","title":"Jobs","used":7,"included":100000,"each":"0.01"}]}`,
	"/invoices": `{"invoices":[{"id":"in_1","number":"A-1","status":"open","total":4900,"owed":4900,"currency":"usd","created_at":"2026-03-31T00:00:00Z","url":"https://pay.example/in_1"},
		{"id":"in_0","number":"A-0","status":"paid","total":4900,"owed":0,"currency":"usd","created_at":"2026-02-28T00:00:00Z","refunded":{"amount":1500,"currency":"usd","at":"2026-03-02T10:00:00Z"}}]}`,
	"/quote":        `{"when":"now","now":14000,"next":19900,"currency":"usd","at":"2026-03-10T00:00:00Z"}`,
	"/checkout":     `{"url":"https://pay.example/checkout"}`,
	"/portal":       `{"url":"https://pay.example/portal"}`,
	"/subscription": `{"standing":"good","status":"active","plan":"business"}`,
}

func (p *till) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+tillToken {
		fault.WriteProblem(w, fault.New(fault.Unauthenticated, "who are you?"), "")
		return
	}
	if strings.HasPrefix(r.URL.Path, "/v1/cells/") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	of, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/tenants/"), "/billing")
	if r.URL.Path == "/v1/plans" {
		what = "/plans"
	}
	if refused := p.note(of, r); refused != nil {
		fault.WriteProblem(w, refused, "")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
	}
	_, _ = w.Write([]byte(tillAnswers[what]))
}

func (p *till) note(tenant string, r *http.Request) (refused *fault.Error) {
	body, _ := io.ReadAll(r.Body) // the validator has read it
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = map[string]string{}
	}
	p.asked[tenant] = strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
	return p.refuses[tenant]
}

func (p *till) last(tenant string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[tenant]
}

func (p *till) refuse(tenant string, with *fault.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses == nil {
		p.refuses = map[string]*fault.Error{}
	}
	p.refuses[tenant] = with
}

// What the till answers is what the control plane's document says.
func TestTheTillAnswersLikeTheControlPlane(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile("../../controlplane/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for what, answer := range tillAnswers {
		path, method, status := "/v1/tenants/{tenant}/billing"+what, http.MethodGet, 200
		switch what {
		case "/plans":
			path = "/v1/plans"
		case "/checkout", "/portal":
			method, status = http.MethodPost, 201
		case "/subscription":
			method = http.MethodPut
		}
		var value any
		if err := json.Unmarshal([]byte(answer), &value); err != nil {
			t.Fatal(err)
		}
		schema := doc.Paths.Value(path).GetOperation(method).Responses.Status(status).Value.Content["application/json"].Schema.Value
		if err := schema.VisitJSON(value); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Each operation asks the control plane for the tenant that calls, and shows what
// it answers.
func TestATenantsBilling(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	of := "/v1/tenants/" + tn.id.String() + "/billing"
	const order = `{"plan":"business","interval":"month"}`
	for _, c := range []struct {
		method, target, body string
		status               int
		asks, shows          string
	}{
		{"GET", "", "", 200, "GET " + of, `"standing":"grace"`},
		{"GET", "/usage", "", 200, "GET " + of + "/usage", `"used":7`},
		{"GET", "/invoices", "", 200, "GET " + of + "/invoices?limit=25", `"url":"https://pay.example/in_1"`},
		{"GET", "/invoices?limit=9", "", 200, "GET " + of + "/invoices?limit=9", `"refunded":{"amount":1500,"at":"2026-03-02T10:00:00Z","currency":"usd"}`},
		{"GET", "/invoices?limit=3", "", 200, "GET " + of + "/invoices?limit=3", `"number":"A-1"`},
		{"GET", "/quote?plan=business&interval=year", "", 200, "GET " + of + "/quote?interval=year&plan=business", `"now":14000`},
		{
			"POST", "/checkout", `{"plan":"team","interval":"month","coupon":"welcome","success_url":"https://a.example/","cancel_url":"https://b.example/"}`, 201,
			"POST " + of + `/checkout {"plan":"team","interval":"month","coupon":"welcome","success_url":"https://a.example/","cancel_url":"https://b.example/"}`, `"url":"https://pay.example/checkout"`,
		},
		{"POST", "/portal", `{"return_url":"https://a.example/"}`, 201, "POST " + of + `/portal {"return_url":"https://a.example/"}`, `"url":"https://pay.example/portal"`},
		{"PUT", "/subscription", order, 200, "PUT " + of + "/subscription " + order, `"plan":"business"`},
		{"DELETE", "/subscription", "", 200, "DELETE " + of + "/subscription?when=renewal", `"plan":"business"`},
	} {
		r := request{method: c.method, target: "/v1/billing" + c.target}
		if c.body != "" {
			r.body = c.body
			r.media = "application/json"
		}
		a := p.asTenant(t, tn, r)
		if asked := sharedTill.last(tn.id.String()); a.status != c.status || !strings.Contains(string(a.body), c.shows) || asked != c.asks {
			t.Errorf("%s %s: %d %s\nasked %s\nwant  %s", c.method, c.target, a.status, a.body, asked, c.asks)
		}
	}
	if a := expect(t, p.asTenant(t, tn, get("/v1/billing/plans")), 200); !strings.Contains(string(a.body), `"trial_days":14`) {
		t.Errorf("%s", a.body)
	}
}

// What the control plane refuses is about the tenant's request, or it is none of
// the tenant's business; then nothing is noted.
func TestBillingThatIsRefused(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	portal := request{method: "POST", target: "/v1/billing/portal", body: map[string]any{"return_url": "https://a.example/"}}
	for _, c := range []struct {
		refused *fault.Error
		status  int
		says    string
	}{
		{fault.New(fault.Conflict, "the tenant never bought anything"), 409, "never bought"},
		{fault.New(fault.Invalid, "no such plan").At("/plan", "use one that is offered"), 422, "use one that is offered"},
		{fault.New(fault.NotFound, "no such tenant"), 503, "cannot be reached"},
		{fault.New(fault.Forbidden, "the role cell may not do this"), 503, "cannot be reached"},
		{fault.New(fault.Unavailable, "the control plane has no CONTROLPLANE_STRIPE_KEY"), 503, "cannot be reached"},
		{fault.New(fault.Internal, "oh"), 503, "cannot be reached"},
	} {
		sharedTill.refuse(tn.id.String(), c.refused)
		a := p.asTenant(t, tn, portal)
		if a.status != c.status || !strings.Contains(string(a.body), c.says) || strings.Contains(string(a.body), "STRIPE") {
			t.Errorf("%s: %d %s", c.refused.Code, a.status, a.body)
		}
		if c.status == 503 && a.header.Get("Retry-After") == "" {
			t.Errorf("%s: when to try again is not said", c.refused.Code)
		}
	}
	sharedTill.refuse(tn.id.String(), nil)
	if noted := p.texts(t, `SELECT action FROM audit_logs WHERE tenant_id = $1 AND subject_type = 'billing'`, tn.id.String()); len(noted) != 0 {
		t.Errorf("noted: %v", noted)
	}
	once := portal
	once.header = http.Header{"Idempotency-Key": {unique()}}
	first, second := p.asTenant(t, tn, once), p.asTenant(t, tn, once)
	if first.status != 201 || second.status != 201 || second.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d, then %d %v", first.status, second.status, second.header)
	}
	if noted := p.texts(t, `SELECT action FROM audit_logs WHERE tenant_id = $1 AND subject_type = 'billing'`, tn.id.String()); len(noted) != 1 {
		t.Errorf("noted: %v", noted)
	}
}
