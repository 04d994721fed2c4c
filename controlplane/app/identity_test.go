package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/controlplane/internal/hydra/hydratest"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

const robotSecret = "the secret of the robot"

// house is a control plane whose operators sign in at a Hydra.
type house struct {
	*program
	hydra servers.Hydra
	flows *hydra.Client
}

func newHouse(t *testing.T) *house {
	t.Helper()
	listen := fmt.Sprintf("127.0.0.1:%d", testkit.FreePorts(t, 1)[0])
	hook := servers.TokenHook{URL: "http://" + listen + controlplane.TokenHookPath, Header: controlplane.TokenHookHeader, Key: "hook-key"}
	h := &house{hydra: testkit.Hydra(t, hook, controlplane.AccessTokenClaims...)}
	h.flows = hydra.New(h.hydra.AdminURL())
	t.Cleanup(h.flows.Close)
	lookup := func(name string) (string, bool) {
		secrets := map[string]string{"OPS_ROBOT_SECRET": robotSecret, "DEMO_APP_SECRET": "demo-app-secret"}
		return secrets[name], secrets[name] != ""
	}
	files := os.DirFS("../../deploy/local/clients")
	if n, err := app.ClientsSync(t.Context(), files, lookup, h.hydra.AdminURL()); err != nil || n == 0 {
		t.Fatalf("%d clients, %v", n, err)
	}
	if steps, err := app.ClientsPlan(t.Context(), files, lookup, h.hydra.AdminURL()); err != nil || len(steps) > 0 {
		t.Fatalf("after the sync: %v, %v", steps, err)
	}
	opts := options(database(t))
	opts.Listen, opts.HydraAdminURL, opts.Issuer, opts.JWKSURL, opts.TokenHookKey = listen, h.hydra.AdminURL(), h.hydra.Issuer, h.hydra.JWKSURL(), hook.Key
	h.program = start(t, opts)
	return h
}

// operators does something with the operators' accounts, as the command line does.
func (h *house) operators(t *testing.T, do func(*app.Operators) error) {
	t.Helper()
	if err := app.WithOperators(t.Context(), h.dsn, master, do); err != nil {
		t.Fatal(err)
	}
}

// desk is a place where cellctl is used, whose browser lets an operator in.
type desk struct {
	t       *testing.T
	options cli.Options
	said    strings.Builder // all that was ever printed
}

func (h *house) newDesk(t *testing.T, operator uuid.UUID) *desk {
	t.Helper()
	d := &desk{t: t}
	browse := func(ctx context.Context, page string) error {
		browser := hydratest.NewBrowser()
		at, err := hydratest.SignIn(ctx, h.flows, browser, page, hydratest.Person{Subject: controlplane.SubjectOfOperator(operator)}, nil)
		if err != nil {
			t.Errorf("sign in: %v", err)
			return err
		}
		response, err := http.Get(at.String())
		if err != nil {
			t.Error(err)
			return err
		}
		return response.Body.Close()
	}
	d.options = cli.Options{
		Config: filepath.Join(t.TempDir(), "cellctl.json"), Dir: t.TempDir(), Stdin: strings.NewReader(""), Browse: browse,
		Version: cli.Version{Version: "1.2.3"},
	}
	return d
}

func (d *desk) run(want int, args ...string) string {
	d.t.Helper()
	var out, errs bytes.Buffer
	opts := d.options
	opts.Args, opts.Stdout, opts.Stderr = args, &out, &errs
	if code := cli.Run(testkit.Context(d.t), opts); code != want {
		d.t.Errorf("cellctl %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
	}
	d.said.WriteString(out.String() + errs.String())
	return out.String() + errs.String()
}

func (d *desk) wants(text string, parts ...string) {
	d.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			d.t.Errorf("%q misses %q", text, part)
		}
	}
}

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.operatorAtTheCommandLine(t)
	h.machineAtTheCommandLine(t)
}

// An operator signs in with the browser, works, is renewed without noticing, has
// the rights of the role, and is out at once when the account ends.
func (h *house) operatorAtTheCommandLine(t *testing.T) {
	t.Helper()
	var ann controlplane.NewOperator
	h.operators(t, func(o *app.Operators) (err error) {
		ann, err = o.Create(t.Context(), "ann@example.org", controlplane.RoleBilling)
		return err
	})
	d := h.newDesk(t, ann.Account.ID)
	d.wants(d.run(cli.ExitOK, "login", "here", "--server", h.url), "signed in to "+h.url+" as ann@example.org (billing)")
	d.wants(d.run(cli.ExitOK, "whoami"), "Operator", "ann@example.org", "billing")
	d.wants(d.run(cli.ExitOK, "context", "ls"), "login")
	d.run(cli.ExitOK, "tenant", "ls")
	d.wants(d.run(cli.ExitAuth, "key", "create", "k", "--role", "viewer"), "may not do this")
	if info, err := os.Stat(d.options.Config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the contexts file: %v, %v", info, err)
	}

	// Ten minutes later, by two at the same time: a refresh token is good once, and both go on.
	before := h.contexts(t, d)
	d.options.Now = func() time.Time { return time.Now().Add(9*time.Minute + 45*time.Second) }
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { (&desk{t: t, options: d.options}).run(cli.ExitOK, "whoami") })
	}
	both.Wait()
	d.options.Now = nil
	if after := h.contexts(t, d); after == before {
		t.Error("the login was not renewed")
	}

	h.operators(t, func(o *app.Operators) error { return o.Disable(t.Context(), "ann@example.org") })
	testkit.Eventually(t, "the operator is out", func() bool {
		opts := d.options
		opts.Args, opts.Stdout, opts.Stderr = []string{"whoami"}, io.Discard, io.Discard
		return cli.Run(testkit.Context(t), opts) == cli.ExitAuth
	})
	d.options.Now = func() time.Time { return time.Now().Add(9*time.Minute + 45*time.Second) }
	d.wants(d.run(cli.ExitAuth, "whoami"), "renew the login", "access_denied", "cellctl login")
	d.options.Now = nil
	d.wants(d.run(cli.ExitOK, "logout"), "signed out")
	d.wants(d.run(cli.ExitAuth, "logout"), "signed out")
	if kept := h.contexts(t, d); strings.Contains(kept, "eyJ") || strings.Contains(kept, "refresh_token") {
		t.Error("the tokens are still in the contexts file")
	}
	if strings.Contains(d.said.String(), "eyJ") {
		t.Error("a token was printed")
	}
}

func (h *house) contexts(t *testing.T, d *desk) string {
	t.Helper()
	raw, err := os.ReadFile(d.options.Config)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A program signs in with a secret, and does what its client may.
func (h *house) machineAtTheCommandLine(t *testing.T) {
	t.Helper()
	d := h.newDesk(t, uuid.Nil)
	d.options.Stdin = strings.NewReader("wrong\n")
	d.wants(d.run(cli.ExitAuth, "login", "robot", "--server", h.url, "--client-credentials", "ops-robot"), "invalid_client")
	d.options.Stdin = strings.NewReader(robotSecret + "\n")
	d.wants(d.run(cli.ExitOK, "login", "robot", "--server", h.url, "--client-credentials", "ops-robot"), "client:ops-robot (viewer)")
	before := h.contexts(t, d)
	d.options.Now = func() time.Time { return time.Now().Add(9*time.Minute + 45*time.Second) }
	d.run(cli.ExitOK, "tenant", "ls")
	d.options.Now = nil
	if h.contexts(t, d) == before {
		t.Error("the login was not renewed")
	}
	d.wants(d.run(cli.ExitAuth, "key", "create", "k", "--role", "viewer"), "may not do this")
	d.run(cli.ExitOK, "logout")
	if strings.Contains(d.said.String()+h.contexts(t, d), robotSecret) {
		t.Error("the secret is still there, or was printed")
	}
}

// The break-glass key works whatever has become of the authorization server.
func TestAKeyNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	opts := options(database(t))
	opts.HydraAdminURL, opts.Issuer, opts.JWKSURL, opts.TokenHookKey = "http://127.0.0.1:1", "http://127.0.0.1:1/", "http://127.0.0.1:1/jwks", "hook-key"
	p := start(t, opts)
	for role, want := range map[controlplane.Role]int{controlplane.RoleAdmin: http.StatusOK, "": http.StatusUnauthorized} {
		if status, _, body, err := p.do(http.MethodGet, "/v1/whoami", p.keys[role], "", nil); status != want || err != nil {
			t.Errorf("%q: %d %s %v", role, status, body, err)
		}
	}
	if status, _, body, _ := p.do(http.MethodGet, "/v1/whoami", "eyJh.eyJz.c2ln", "", nil); status != http.StatusServiceUnavailable && status != http.StatusUnauthorized {
		t.Errorf("a token that nobody can check: %d %s", status, body)
	}
	for key, want := range map[string]int{"": http.StatusUnauthorized, "wrong": http.StatusUnauthorized, "hook-key": http.StatusForbidden} {
		request, err := http.NewRequest(http.MethodPost, p.url+controlplane.TokenHookPath, strings.NewReader(`{"session":{"id_token":{"subject":"somebody"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(controlplane.TokenHookHeader, key)
		if status, _, body, err := p.send(request); status != want || err != nil {
			t.Errorf("the hook with key %q: %d %s %v", key, status, body, err)
		}
	}
}
