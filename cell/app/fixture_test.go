package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/password"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, lasting.End) }

// lasting is what the tests of the package share.
var lasting = &testkit.Lasting{Owner: "cell-app-shared"}

// shared is one process for the tests that are content with tenants of their
// own: a database and a process each would be most of their time.
var shared = sync.OnceValue(func() *process { return start(lasting, withTill(lasting, sharedTill)) })

// passwords are the roles' in every test of the cell: roles are the whole server's.
var passwords = citus.Passwords{App: "cell-app-test", Relay: "cell-relay-test", Mover: "cell-mover-test"}

var (
	edgeKey    = bytes.Repeat([]byte{1}, app.KeyBytes)
	controlKey = bytes.Repeat([]byte{2}, app.KeyBytes)
)

// process is a cell's API, running.
type process struct {
	dsn       string // the superuser's
	blobs     string // URL of the object storage
	addresses app.APIAddresses
	client    *http.Client
	log       *logBuffer

	connecting, digesting sync.Once
	superuser             *pgxpool.Pool // see asSuperuser
	digest                string        // see digestQuery
}

func start(t testing.TB, change func(*app.APIOptions)) *process {
	t.Helper()
	dsn := testkit.Sharded(t, "cell", passwords.Logins(), func(ctx context.Context, dsn string) error {
		_, err := citus.ApplySchema(ctx, dsn, passwords)
		return err
	})
	return startOn(t, dsn, change)
}

// startOn starts a process on a database that others may use, too.
func startOn(t testing.TB, dsn string, change func(*app.APIOptions)) *process {
	t.Helper()
	opts := app.DefaultAPIOptions()
	opts.Cell, opts.Region = "cell-test", "us-central1"
	opts.Listen, opts.InternalListen, opts.AdminListen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	opts.DatabaseURL = testkit.DSNAs(t, dsn, citus.AppRole, passwords.App)
	opts.MoverDatabaseURL = testkit.DSNAs(t, dsn, citus.MoverRole, passwords.Mover)
	opts.BlobURL = "file://" + t.TempDir()
	opts.EdgeKey, opts.ControlKey, opts.DatabaseConns = edgeKey, controlKey, 8
	opts.PasswordCost = password.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}
	p := &process{dsn: dsn, client: &http.Client{Timeout: time.Minute}, log: &logBuffer{}}
	opts.Log = slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if change != nil {
		change(&opts)
	}
	p.blobs = opts.BlobURL
	started := make(chan app.APIAddresses, 1)
	opts.Started = func(a app.APIAddresses) { started <- a }
	p.addresses = background(t, started, func(ctx context.Context) error { return app.RunAPI(ctx, opts) })
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		if p.superuser != nil {
			p.superuser.Close()
		}
	})
	return p
}

// background runs a process until the test ends and returns what it says when
// it has started.
func background[T any](t testing.TB, started <-chan T, run func(context.Context) error) T {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("process: %v", err)
		}
	})
	select {
	case a := <-started:
		return a
	case err := <-done:
		done <- nil
		t.Fatalf("process did not start: %v", err)
	}
	panic("unreachable")
}

// tenant is one whose requests the test makes as the router would.
type tenant struct {
	id   tenancy.ID
	slug string
	key  string
}

func newTenant() tenant {
	id := tenancy.NewID()
	return tenant{id: id, slug: "t" + id.String()[24:], key: newKey(id)}
}

func newKey(id tenancy.ID) string {
	secret := sha256.Sum256([]byte(uuid.NewString()))
	return "cdt_" + hex.EncodeToString(id[:]) + "_" + base64.RawURLEncoding.EncodeToString(secret[:])
}

func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func (tn tenant) arrival() map[string]any {
	return map[string]any{
		"slug": tn.slug, "epoch": 1, "plan": "free", "organization": map[string]any{"name": "Acme"},
		"owner": map[string]any{"name": "Ada", "email": "ada@example.org"}, "owner_key_hash": hashOf(tn.key),
	}
}

// request is one HTTP request of a test; sign makes it the router's or the
// control plane's.
type request struct {
	method, target string
	body           any // marshalled unless a string
	header         http.Header
	media          string // default by method
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string { return a.text("code") }

func (a answer) text(field string) string {
	var object map[string]any
	if json.Unmarshal(a.body, &object) != nil {
		return ""
	}
	s, _ := object[field].(string)
	return s
}

func (p *process) do(t testing.TB, base net.Addr, r request, sign func(*http.Request)) answer {
	t.Helper()
	body, isText := r.body.(string)
	if r.body != nil && !isText {
		raw, err := json.Marshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(raw)
	}
	req, err := http.NewRequestWithContext(testkit.Context(t), r.method, "http://"+base.String()+r.target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case r.media != "":
		req.Header.Set("Content-Type", r.media)
	case r.method == http.MethodPatch:
		req.Header.Set("Content-Type", "application/merge-patch+json")
	case r.body != nil:
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(cellapi.HeaderRequestID, uuid.NewString())
	sign(req)
	for name, values := range r.header {
		req.Header[name] = values
	}
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: raw}
}

// asTenant sends a request as the router forwards it.
func (p *process) asTenant(t testing.TB, tn tenant, r request) answer {
	t.Helper()
	return p.atEpoch(t, tn, 1, r)
}

// asPrincipal sends a request as the router forwards it for a verified token.
func (p *process) asPrincipal(t testing.TB, tn tenant, principal cellapi.Principal, r request) answer {
	t.Helper()
	return p.do(t, p.addresses.API, r, func(req *http.Request) { signToken(req, tn, principal) })
}

func (p *process) atEpoch(t testing.TB, tn tenant, epoch uint64, r request) answer {
	t.Helper()
	return p.do(t, p.addresses.API, r, func(req *http.Request) { signEdge(req, edgeKey, tn, epoch, time.Now()) })
}

func signEdge(req *http.Request, key []byte, tn tenant, epoch uint64, at time.Time) {
	req.Header.Set("Authorization", "Bearer "+tn.key)
	req.Header.Set(cellapi.HeaderTenantID, tn.id.String())
	req.Header.Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(epoch, 10))
	signClaims(req, key, tn, epoch, at)
}

// signToken is signEdge for a caller whose token the router verified: the
// Authorization header is gone.
func signToken(req *http.Request, tn tenant, principal cellapi.Principal) {
	req.Header.Set(cellapi.HeaderTenantID, tn.id.String())
	req.Header.Set(cellapi.HeaderTenantEpoch, "1")
	req.Header.Set(cellapi.HeaderPrincipal, principal.String())
	signClaims(req, edgeKey, tn, 1, time.Now())
}

func signClaims(req *http.Request, key []byte, tn tenant, epoch uint64, at time.Time) {
	claims := cellapi.Claims{
		Method: []byte(req.Method), Target: []byte(req.URL.RequestURI()), TenantID: []byte(tn.id.String()), Epoch: epoch,
		RequestID: []byte(req.Header.Get(cellapi.HeaderRequestID)), Principal: []byte(req.Header.Get(cellapi.HeaderPrincipal)), Timestamp: at.Unix(),
	}
	req.Header.Set(cellapi.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(cellapi.HeaderSignature, string(cellapi.NewSigner(key).Append(nil, &claims)))
}

// asControlPlane sends a request to the internal door.
func (p *process) asControlPlane(t testing.TB, r request) answer {
	t.Helper()
	return p.do(t, p.addresses.Internal, r, func(req *http.Request) { cellapi.NewSigner(controlKey).SignRequest(req, time.Now()) })
}

// admit makes a live tenant without a welcome.
func (p *process) admit(t testing.TB) tenant {
	t.Helper()
	tn := newTenant()
	line := tn.arrival()
	line["tenant_id"] = tn.id
	a := p.asControlPlane(t, request{method: "POST", target: "/internal/v1/tenants/batch", body: map[string]any{"tenants": []any{line}}})
	if a.status != http.StatusOK || strings.Contains(string(a.body), "error") {
		t.Fatalf("admit: %d %s", a.status, a.body)
	}
	return tn
}

// signUp prepares and activates a tenant, as a sign-up does.
func (p *process) signUp(t testing.TB) tenant {
	t.Helper()
	tn := newTenant()
	path := "/internal/v1/tenants/" + tn.id.String()
	if a := p.asControlPlane(t, request{method: "PUT", target: path, body: tn.arrival()}); a.status != http.StatusOK {
		t.Fatalf("prepare: %d %s", a.status, a.body)
	}
	if a := p.asControlPlane(t, request{method: "POST", target: path + "/activate", body: map[string]any{"epoch": 1}}); a.status != http.StatusOK {
		t.Fatalf("activate: %d %s", a.status, a.body)
	}
	return tn
}

func expect(t testing.TB, a answer, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}
