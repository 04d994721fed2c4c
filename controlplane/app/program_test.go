package app_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/testkit"
)

// names is a DNS that a test writes.
type names struct {
	mu  sync.Mutex
	txt map[string][]string
}

func (n *names) LookupTXT(_ context.Context, name string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.txt[name], nil
}

func TestATenantsLife(t *testing.T) {
	t.Parallel()
	opts, dns := options(database(t)), &names{txt: map[string][]string{}}
	opts.Resolver = dns
	p := start(t, opts)
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	signup := p.signUp(t, "acme")
	id := signup.Tenant.TenantID
	if signup.URL != "http://acme.localhost:8080" || signup.Tenant.State != directory.Active || signup.Tenant.Region != "us-central1" {
		t.Errorf("%+v", signup)
	}
	if held := cell.Residents()[id]; held.State != fakecell.Live || held.Welcomes != 1 || held.Owner != "ann@example.org" {
		t.Errorf("cell holds %+v", held)
	}
	if again := p.signUp(t, "acme"); again.APIKey != signup.APIKey || again.Tenant.TenantID != id {
		t.Errorf("repeated: %+v", again)
	}
	operator, router := p.client(t, controlplane.RoleOperator), p.client(t, controlplane.RoleRouter)
	lookup := func(kind directory.KeyKind, value string) *api.LookupResponse {
		got, err := router.LookupWithResponse(t.Context(), &api.LookupParams{Kind: kind, Value: value})
		if err != nil || got.HTTPResponse.Header.Get("Directory-Version") == "" {
			t.Fatalf("lookup %s: %v", value, err)
		}
		return got
	}
	if got := lookup(directory.BySlug, "acme").JSON200; got == nil || got.Tenant.TenantID != id || got.Cell.ID != "cell-a" {
		t.Errorf("lookup: %+v", got)
	}

	added, err := operator.AddDomainWithResponse(t.Context(), id, api.AddDomainRequest{Domain: "App.Bücher.example"})
	if err != nil || added.JSON201 == nil || added.JSON201.ChallengeName != "_coditect-challenge.app.xn--bcher-kva.example" {
		t.Fatalf("add domain: %v, %s", err, added.Body)
	}
	name := added.JSON201.Domain
	if early, err := operator.VerifyDomainWithResponse(t.Context(), id, name); err != nil || early.StatusCode() != http.StatusConflict {
		t.Errorf("verify too early: %v, %s", err, early.Body)
	}
	dns.mu.Lock()
	dns.txt[added.JSON201.ChallengeName] = []string{"something else", added.JSON201.ChallengeValue}
	dns.mu.Unlock()
	if verified, err := operator.VerifyDomainWithResponse(t.Context(), id, name); err != nil || verified.JSON200 == nil || verified.JSON200.State != api.Verified {
		t.Errorf("verify: %v, %s", err, verified.Body)
	}
	if got := lookup(directory.ByDomain, name).JSON200; got == nil || got.Tenant.TenantID != id {
		t.Errorf("lookup by domain: %+v", got)
	}
	if own, err := operator.AddDomainWithResponse(t.Context(), id, api.AddDomainRequest{Domain: "x.localhost"}); err != nil || own.StatusCode() != http.StatusUnprocessableEntity {
		t.Errorf("the platform's own domain: %v, %s", err, own.Body)
	}

	stale := `"1"`
	if got, err := operator.SuspendTenantWithResponse(t.Context(), id, &api.SuspendTenantParams{IfMatch: &stale}, api.SuspendRequest{}); err != nil || got.StatusCode() != http.StatusPreconditionFailed {
		t.Errorf("suspend an older version: %v, %s", err, got.Body)
	}
	reason := "unpaid"
	suspended, err := operator.SuspendTenantWithResponse(t.Context(), id, nil, api.SuspendRequest{Reason: &reason})
	if err != nil || suspended.JSON200 == nil || *suspended.JSON200.SuspendedReason != reason || suspended.HTTPResponse.Header.Get("ETag") == "" {
		t.Fatalf("suspend: %v, %s", err, suspended.Body)
	}
	if got := lookup(directory.BySlug, "acme").JSON200; got == nil || got.Tenant.State != directory.Suspended {
		t.Errorf("lookup suspended: %+v", got)
	}
	etag := suspended.HTTPResponse.Header.Get("ETag")
	if got, err := operator.ResumeTenantWithResponse(t.Context(), id, &api.ResumeTenantParams{IfMatch: &etag}); err != nil || got.JSON200 == nil || got.JSON200.State != directory.Active {
		t.Errorf("resume: %v, %s", err, got.Body)
	}
	if got, err := operator.DeleteTenantWithResponse(t.Context(), id, nil); err != nil || got.JSON200 == nil || got.JSON200.DeleteAfter == nil {
		t.Errorf("delete: %v, %s", err, got.Body)
	}
	if got, err := operator.ResumeTenantWithResponse(t.Context(), id, nil); err != nil || got.JSON200 == nil || got.JSON200.State != directory.Active {
		t.Errorf("undelete: %v, %s", err, got.Body)
	}
	now := 0
	if got, err := operator.DeleteTenantWithResponse(t.Context(), id, &api.DeleteTenantParams{GraceHours: &now}); err != nil || got.JSON200 == nil {
		t.Errorf("delete at once: %v, %s", err, got.Body)
	}
	testkit.Eventually(t, "the tenant is gone from its cell and the slug is free", func() bool {
		return len(cell.Residents()) == 0 && lookup(directory.BySlug, "acme").StatusCode() == http.StatusNotFound
	})
	if got, err := p.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "another-key"}, signupRequest("acme")); err != nil || got.JSON201 == nil || got.JSON201.Tenant.TenantID == id {
		t.Errorf("the slug again: %v, %s", err, got.Body)
	}
}

func TestAuditNamesWhoDidWhat(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	id := p.signUp(t, "acme").Tenant.TenantID
	if _, err := p.client(t, controlplane.RoleOperator).SuspendTenantWithResponse(t.Context(), id, nil, api.SuspendRequest{}); err != nil {
		t.Fatal(err)
	}
	target, limit := id.String(), 2
	got, err := p.client(t, controlplane.RoleViewer).ListAuditWithResponse(t.Context(), &api.ListAuditParams{Target: &target, Limit: &limit})
	if err != nil || got.JSON200 == nil || len(got.JSON200.Entries) != 2 || got.JSON200.NextCursor == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	if e := got.JSON200.Entries[0]; e.Action != "tenant.suspend" || e.Actor != "key-operator" || e.Role != "operator" || e.RequestID == nil {
		t.Errorf("%+v", e)
	}
	rest, err := p.client(t, controlplane.RoleViewer).ListAuditWithResponse(t.Context(), &api.ListAuditParams{Target: &target, Limit: &limit, Cursor: got.JSON200.NextCursor})
	if err != nil || rest.JSON200 == nil || len(rest.JSON200.Entries) != 1 || rest.JSON200.Entries[0].Action != "signup.reserve" || rest.JSON200.NextCursor != nil {
		t.Errorf("%v, %s", err, rest.Body)
	}
}

func TestARevokedKeyIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	viewer, admin := p.client(t, controlplane.RoleViewer), p.client(t, controlplane.RoleAdmin)
	me, err := viewer.WhoAmIWithResponse(t.Context())
	if err != nil || me.JSON200 == nil || me.JSON200.Name != "key-viewer" || me.JSON200.LastUsedAt == nil {
		t.Fatalf("%v, %s", err, me.Body)
	}
	if got, err := admin.RevokeKeyWithResponse(t.Context(), "key-viewer"); err != nil || got.StatusCode() != http.StatusNoContent {
		t.Fatalf("%v, %s", err, got.Body)
	}
	if got, err := viewer.WhoAmIWithResponse(t.Context()); err != nil || got.StatusCode() != http.StatusUnauthorized || got.HTTPResponse.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%v, %s", err, got.Body)
	}
	made, err := admin.CreateKeyWithResponse(t.Context(), api.CreateKeyRequest{Name: "new", Role: api.Role("viewer")})
	if err != nil || made.JSON201 == nil {
		t.Fatalf("%v, %s", err, made.Body)
	}
	p.keys[controlplane.RoleViewer] = made.JSON201.Secret
	if got, err := viewer.WhoAmIWithResponse(t.Context()); err != nil || got.JSON200 == nil || got.JSON200.Name != "new" {
		t.Errorf("%v, %s", err, got.Body)
	}
}

func TestLongPollEndsWithTheFirstChange(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	wait := 60
	since := uint64(2)
	answer := make(chan *api.ListChangesResponse, 1)
	go func() {
		got, err := p.client(t, controlplane.RoleRouter).ListChangesWithResponse(t.Context(), &api.ListChangesParams{Since: since, WaitSeconds: &wait})
		if err != nil {
			t.Error(err)
		}
		answer <- got
	}()
	id := p.signUp(t, "acme").Tenant.TenantID
	if got := <-answer; got.JSON200 == nil || len(got.JSON200.Changes) != 1 || got.JSON200.Changes[0].Tenant.TenantID != id || got.JSON200.Since != since {
		t.Errorf("%s", got.Body)
	}
	poll := make(chan struct{})
	go func() { // one that waits must not hold up the end
		defer close(poll)
		_, _ = p.client(t, controlplane.RoleRouter).ListChangesWithResponse(t.Context(), &api.ListChangesParams{Since: since + 1, WaitSeconds: &wait})
	}()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	<-poll
}

func TestARefusedStartSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		spoil func(*app.Options)
		says  string
	}{
		"port taken":      {func(o *app.Options) { o.Listen = taken.Addr().String() }, "choose another"},
		"no schema":       {func(o *app.Options) { o.DatabaseURL = testkit.Postgres(t) }, "controlplane schema up"},
		"no database":     {func(o *app.Options) { o.DatabaseURL = "" }, "CONTROLPLANE_DATABASE_URL"},
		"not a URL":       {func(o *app.Options) { o.DatabaseURL = "postgres://u:geheim@%zz/" }, "database URL"},
		"no key":          {func(o *app.Options) { o.ControlKey = nil }, "CONTROLPLANE_CONTROL_KEY"},
		"no slug in URL":  {func(o *app.Options) { o.TenantURL = "http://x" }, "{slug}"},
		"address":         {func(o *app.Options) { o.Listen = "8090" }, "host:port"},
		"not a NATS URL":  {func(o *app.Options) { o.NATSURL = "nats://u:geheim@[::1" }, "--nats-url"},
		"nothing at all":  {func(o *app.Options) { *o = app.Options{} }, "DefaultOptions"},
		"too few to work": {func(o *app.Options) { o.DatabaseConns = 1 }, "DefaultOptions"},
	} {
		opts := options("postgres://127.0.0.1:1/x")
		c.spoil(&opts)
		err := app.Run(t.Context(), opts)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutItsDatabaseItWaits(t *testing.T) {
	t.Parallel()
	p := run(t, options("postgres://u@127.0.0.1:1/x"))
	if err := p.ready(); err == nil || !strings.Contains(err.Error(), "not ready") {
		t.Errorf("ready: %v", err)
	}
	status, header, body, err := p.do("GET", "/v1/whoami", "", "", nil)
	if err != nil || status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !strings.Contains(body, `"unavailable"`) {
		t.Errorf("%d %s %v", status, body, err)
	}
}
