package e2e_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
)

// Whoever is woken at night types what the alert's runbook has under "How to look", and
// what it has elsewhere that only looks. So every such line is run here as it stands
// there, with the platform's addresses for its words in capitals. What a page tells
// people to change is not done to a platform that others use: its commands and flags
// are compared with the programs (testkit.CheckRunbooks).
func TestRunbooksLookWithCommandsThatWork(t *testing.T) {
	p := platform(t)
	sh := newOperatorShell(t, p)
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(pages) < 40 {
		t.Fatal(pages, err)
	}
	// Last those that ask for a checkpoint, which the control plane fetches once a minute.
	slices.SortStableFunc(pages, func(a, b string) int { return audits(a) - audits(b) })
	ran := map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if audits(page) > 0 {
			sh.awaitCheckpoint(t)
		}
		for _, command := range looking(string(text)) {
			if !ran[command] {
				ran[command] = true
				sh.try(t, filepath.Base(page), command)
			}
		}
	}
	if len(ran) < 80 {
		t.Errorf("only %d commands were found", len(ran))
	}
}

func audits(page string) int { return strings.Count(filepath.Base(page), "AuditLog") }

var (
	fence  = regexp.MustCompile("(?ms)^```\n(.*?)^```")
	inline = regexp.MustCompile("`((?:cellctl|curl|ls) [^`\n]+)`")
	looks  = regexp.MustCompile(`^(curl http|ls |cellctl .*(\bls\b|--dry-run))`)
)

// looking lists a page's commands that change nothing.
func looking(page string) (commands []string) {
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		commands = append(commands, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	for _, span := range inline.FindAllStringSubmatch(page, -1) {
		if looks.MatchString(span[1]) {
			commands = append(commands, span[1])
		}
	}
	return commands
}

// operatorShell is a shell on an operator's machine, in which words in capitals mean
// something of the platform.
type operatorShell struct {
	dir   string
	env   []string
	words map[string]string
	known *regexp.Regexp // the words
}

func newOperatorShell(t *testing.T, p *local.Platform) operatorShell {
	t.Helper()
	state := p.State()
	at, cell := state.Endpoints, state.Endpoints.Cells["cell-a"]
	x, moved := finishedMove(t, p)
	home := at.Cells[otherCell(x.Cell)] // it came from x.Cell
	dir := t.TempDir()
	certificate, key, front := tlsFiles(t, dir)
	host, port, _ := strings.Cut(hostPort(t, cell.DatabaseURL), ":")
	_, cellEnv, err := p.Program("cell", otherCell(x.Cell))
	if err != nil {
		t.Fatal(err)
	}
	sh := operatorShell{
		dir: dir,
		env: slices.Concat(cellEnv, []string{
			"PATH=" + p.BinDir() + ":" + os.Getenv("PATH"), "CELLCTL_API_KEY=" + at.ControlPlane.Token, "CELLCTL_CONFIG=" + filepath.Join(dir, "no-contexts"),
			"CONTROLPLANE=" + at.ControlPlane.URL, "CONTROLPLANE_DATABASE_URL=" + at.ControlPlane.DatabaseURL, "SUPER_DATABASE_URL=" + cell.SuperDatabaseURL,
			"CELL_DATABASE_URL=" + home.DatabaseURL, "CELL_OWNER_DATABASE_URL=" + home.OwnerDatabaseURL, "CELL_REDIS_URL=" + cell.RedisURL,
			"ROUTER_REDIS_URL=" + at.EdgeRedisURL, "PGPASSWORD=" + state.Secrets.Cells["cell-a"].ConsolePassword,
		}),
		words: map[string]string{
			"ROUTER-ADMIN": hostPort(t, at.Routers[us].AdminURL), "CELL-ADMIN": hostPort(t, cell.AdminURL), "WORKER-ADMIN": hostPort(t, cell.WorkerAdminURL),
			"CONTROLPLANE-ADMIN": hostPort(t, at.ControlPlane.AdminURL), "HYDRA-ADMIN": hostPort(t, at.Identity.AdminURL), "INSTANCE": hostPort(t, cell.AdminURL),
			"PROMETHEUS:9090": hostPort(t, at.PrometheusURL), "JWKS-URL": at.Identity.JWKSURL, "ROUTER:443": front, "ROUTER": hostPort(t, at.Routers[us].URL),
			"DOMAIN": "localhost", "TENANT": x.Slug, "ID": x.ID, "CELL": x.Cell, "M": moved.ID,
			"CERT": certificate, "KEY": key, "PGBOUNCER": host, "PORT": port, "PID": fmt.Sprint(os.Getpid()), "DIRECTORY": dir, "PROCESS.log": state.Parts["controlplane"].Log,
		},
	}
	words := slices.Collect(maps.Keys(sh.words))
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // ROUTER-ADMIN is not ROUTER
	sh.known = regexp.MustCompile(`\b(` + strings.Join(words, "|") + `)\b`)
	return sh
}

var (
	literal  = regexp.MustCompile(`'[^']*'|"[^"]*"|\$[A-Z_]+`)
	capitals = regexp.MustCompile(`\b[A-Z][A-Z.:-]*[A-Z0-9]\b`)
)

// try runs a command and looks whether it answered what it was asked for.
func (sh operatorShell) try(t *testing.T, page, command string) {
	t.Helper()
	if left := capitals.FindAllString(literal.ReplaceAllString(sh.known.ReplaceAllString(command, ""), ""), -1); len(left) > 0 {
		t.Errorf("%s: nobody says here what %v is, in: %s", page, left, command)
		return
	}
	said, err := sh.run(t.Context(), sh.known.ReplaceAllStringFunc(command, func(word string) string { return sh.words[word] }))
	switch {
	case strings.HasPrefix(command, "cell tenants ") && strings.Contains(said, "does not use Citus"):
		t.Logf("%s: %s: this platform's cells are on plain Postgres", page, command)
	case err != nil:
		t.Errorf("%s: %s: %v\n%s", page, command, err, said)
	case strings.Contains(command, "/api/v1/query") && !strings.Contains(said, `"status":"success"`),
		strings.Contains(said, "404 page not found"),
		said == "" && !strings.HasPrefix(command, "grep ") && !strings.Contains(command, "> "):
		t.Errorf("%s: %s: answered %q", page, command, said)
	}
}

// run is what a line prints.
func (sh operatorShell) run(ctx context.Context, line string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", `cellctl() { command cellctl "$@" --server "$CONTROLPLANE"; }`+"\n"+line)
	cmd.Dir, cmd.Env = sh.dir, sh.env
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// awaitCheckpoint waits until the control plane keeps one of the tenant's audit log.
func (sh operatorShell) awaitCheckpoint(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		said, err := sh.run(ctx, "cellctl audit checkpoint "+sh.words["TENANT"])
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no checkpoint was fetched: %s", said)
		case <-tick.C:
		}
	}
}

func hostPort(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Port() == "" {
		t.Fatalf("%q is no URL with a port: %v", address, err)
	}
	return u.Host
}

// finishedMove is a migration that is over, and its tenant.
func finishedMove(t *testing.T, p *local.Platform) (tenant, move) {
	t.Helper()
	x := movable(t, p)
	eventuallyServed(t, p, x, us)
	m := beginMove(t, p, x, otherCell(x.Cell))
	awaitPhase(t, p, m.ID, "settling")
	order(t, p, "POST", "/v1/migrations/"+m.ID+"/finish", "")
	return x, awaitPhase(t, p, m.ID, "completed")
}

// tlsFiles are a certificate and its key, and the address of who serves them.
func tlsFiles(t *testing.T, dir string) (certificate, key, address string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	private, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: server.Certificate().Raw}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key, server.Listener.Addr().String()
}
