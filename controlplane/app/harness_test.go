package app_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var master = bytes.Repeat([]byte{7}, app.ControlKeyBytes)

// program is a control plane that runs, with its callers.
type program struct {
	url, admin string
	dsn        string
	keys       map[controlplane.Role]string // secrets; the cell's is cell-a's
	http       *http.Client
	stop       func() error
}

func database(t testing.TB) string {
	t.Helper()
	return testkit.PostgresWithSchema(t, "controlplane", func(ctx context.Context, dsn string) error {
		_, err := app.SchemaUp(ctx, dsn)
		return err
	})
}

func options(dsn string) app.Options {
	opts := app.DefaultOptions()
	opts.Listen, opts.AdminListen, opts.DatabaseURL, opts.ControlKey = "127.0.0.1:0", "127.0.0.1:0", dsn, master
	opts.NATSURL = "nats://127.0.0.1:1" // nobody is there
	opts.DatabaseConns = 12
	return opts
}

// start runs the program until the test ends.
func start(t testing.TB, opts app.Options) *program {
	t.Helper()
	p := run(t, opts)
	for _, role := range []controlplane.Role{
		controlplane.RoleViewer, controlplane.RoleOperator, controlplane.RoleAdmin, controlplane.RoleBilling, controlplane.RoleCell, controlplane.RoleRouter,
	} {
		key := controlplane.Key{Name: "key-" + string(role), Role: role}
		if role == controlplane.RoleCell {
			key.Cell = "cell-a"
		}
		p.keys[role] = controlplane.NewSecret()
		if _, err := app.EnsureKey(t.Context(), opts.DatabaseURL, key, p.keys[role]); err != nil {
			t.Fatal(err)
		}
	}
	testkit.EventuallyOK(t, "the program is ready", p.ready)
	return p
}

// run runs the program without preparing anything.
func run(t testing.TB, opts app.Options) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	addresses, done := make(chan app.Addresses, 1), make(chan error, 1)
	opts.Started = func(a app.Addresses) { addresses <- a }
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	go func() { done <- app.Run(ctx, opts) }()
	p := &program{dsn: opts.DatabaseURL, keys: map[controlplane.Role]string{}, http: &http.Client{Transport: &http.Transport{}}}
	stopped := false
	p.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		p.http.CloseIdleConnections()
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("the program ended with: %v", err)
		}
	})
	select {
	case a := <-addresses:
		p.url, p.admin = "http://"+a.API.String(), "http://"+a.Admin.String()
	case err := <-done:
		stopped = true
		t.Fatalf("the program did not start: %v", err)
	}
	return p
}

func (p *program) ready() error {
	status, _, body, err := p.do("GET", p.admin+"/readyz", "", "", nil)
	if err == nil && status != http.StatusOK {
		err = errText(body)
	}
	return err
}

type errText string

func (e errText) Error() string { return string(e) }

// do sends one request; path may be a whole URL.
func (p *program) do(method, path, secret, media string, body io.Reader) (int, http.Header, string, error) {
	if strings.HasPrefix(path, "/") {
		path = p.url + path
	}
	req, err := http.NewRequest(method, path, body)
	if err != nil {
		return 0, nil, "", err
	}
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	return p.send(req)
}

func (p *program) send(req *http.Request) (int, http.Header, string, error) {
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(raw), err
}

// client returns a client of the generated kind, for a role.
func (p *program) client(t testing.TB, role controlplane.Role) *api.ClientWithResponses {
	t.Helper()
	c, err := api.NewClientWithResponses(p.url, api.WithHTTPClient(p.http), api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if role != "" {
			r.Header.Set("Authorization", "Bearer "+p.keys[role])
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withCell starts a fake cell and registers it, active.
func (p *program) withCell(t testing.TB, id, region string, capacity int) *fakecell.Cell {
	t.Helper()
	cell := fakecell.Start(t, id, master)
	admin := p.client(t, controlplane.RoleAdmin)
	registered, err := admin.RegisterCellWithResponse(t.Context(), id, api.CellRegistration{
		Region: region, Tier: "standard", Endpoint: "http://127.0.0.1:1", InternalEndpoint: cell.URL, CapacityTenants: capacity,
	})
	if err != nil || registered.StatusCode() != http.StatusOK {
		t.Fatalf("register: %v, %s", err, registered.Body)
	}
	p.beat(t, id, capacity)
	return cell
}

func (p *program) beat(t testing.TB, id string, capacity int) {
	t.Helper()
	beat, err := p.client(t, controlplane.RoleAdmin).HeartbeatWithResponse(t.Context(), id, api.Heartbeat{CapacityTenants: capacity, CPU: 0.1})
	if err != nil || beat.StatusCode() != http.StatusNoContent {
		t.Fatalf("heartbeat: %v, %s", err, beat.Body)
	}
}

func signupRequest(slug string) api.SignupRequest {
	return api.SignupRequest{Organization: "Org " + slug, Slug: slug, Owner: api.Owner{Name: "Ann", Email: "ann@example.org"}}
}

// signUp signs a tenant up and expects it to succeed.
func (p *program) signUp(t testing.TB, slug string) api.SignupResult {
	t.Helper()
	got, err := p.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "key-of-" + slug}, signupRequest(slug))
	if err != nil || got.JSON201 == nil {
		t.Fatalf("sign up %s: %v, %s", slug, err, got.Body)
	}
	return *got.JSON201
}
