// Package platform_test holds what is true of the repository as a whole: which
// package may import which, and why.
package platform_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/coditect/platform/"

// rule forbids packages under From to import packages under any of To. A path
// ends in "/..." to mean everything below, too.
type rule struct {
	from, reason string
	to           []string
	except       []string // importing packages that the rule leaves alone
}

var rules = []rule{
	{
		from: "controlplane/...", to: []string{"router/...", "cell/..."},
		reason: "components meet only in the contracts under shared/; otherwise they cannot be deployed or reasoned about apart",
	},
	{from: "router/...", to: []string{"controlplane/...", "cell/..."}, reason: "see above"},
	{from: "cell/...", to: []string{"controlplane/...", "router/..."}, reason: "a cell is self-contained"},
	{
		from: "shared/...", to: []string{"controlplane/...", "router/...", "cell/...", "deploy/...", "loadtest/..."},
		reason: "arrows point down: contracts and kit know nobody above them",
	},
	{
		from: "deploy/...", to: []string{"router/...", "cell/...", "controlplane/app", "controlplane/internal/...", "loadtest/..."},
		reason: "the local platform starts the real programs; it uses the public API like everybody else",
	},

	{from: "controlplane", to: []string{"controlplane/..."}, reason: "nouns are leaves"},
	{from: "cell", to: []string{"cell/..."}, reason: "nouns are leaves"},
	{from: "controlplane/internal/...", to: []string{"controlplane/app", "controlplane/cmd/..."}, reason: "app introduces the others"},
	{from: "router/internal/...", to: []string{"router/app", "router/cmd/..."}, reason: "app introduces the others"},
	{from: "cell/internal/...", to: []string{"cell/app", "cell/cmd/..."}, reason: "app introduces the others"},

	{from: "router/internal/resolve", to: []string{"router/...", "net", "net/http"}, reason: "resolving a key is pure"},
	{from: "router/internal/tenantcache", to: []string{"router/...", "net", "net/http"}, reason: "the cache is a data structure"},
	{from: "router/internal/policy", to: []string{"router/...", "net"}, reason: "a policy decides; the proxy acts"},
	{from: "router/internal/http1", to: []string{"router/...", "net", "github.com/..."}, reason: "parsing is a function of octets"},
	{from: "router/internal/hold", to: []string{"router/...", "net", "net/http"}, reason: "waiting needs no network"},
	{from: "router/internal/shed", to: []string{"router/...", "net", "net/http"}, reason: "admission needs no network"},
	{from: "router/internal/topk", to: []string{"router/...", "net", "net/http"}, reason: "counting is a data structure"},
	{from: "router/internal/wire", to: []string{"router/..."}, reason: "the lowest layer of the router knows nobody above it"},
	{
		from: "controlplane/internal/placement", to: []string{"net/http", "github.com/jackc/...", "context"},
		reason: "placement is a function of what it is given",
	},
	{
		from: "controlplane/internal/rollout", to: []string{"controlplane/...", "github.com/jackc/..."},
		reason: "a rollout must go on, and back, without the control plane",
	},
	{from: "cell/internal/graph", to: []string{"net/http"}, reason: "a query is answered the same however it arrives"},
	{from: "cell/internal/egress", to: []string{"cell/..."}, reason: "it guards the network and knows nothing of the product"},
	{from: "cell/internal/credentials", to: []string{"net", "github.com/jackc/..."}, reason: "who signs in is judged the same however it arrives"},
	{from: "controlplane/internal/recovery", to: []string{"net/http", "github.com/jackc/..."}, reason: "who is right is decided from what the two sides say"},
	{from: "cell/internal/billing", to: []string{"github.com/jackc/..."}, reason: "it keeps nothing of its own"},
	{from: "cell/internal/chain", to: []string{"net", "net/http"}, reason: "sealing and verifying need no network"},

	{
		from: "controlplane/...", to: []string{"github.com/jackc/..."}, except: []string{"controlplane/internal/postgres", "controlplane/app"},
		reason: "all SQL of a component lives in one package",
	},
	{
		from: "cell/...", to: []string{"github.com/jackc/..."}, except: []string{"cell/internal/citus", "cell/internal/changestream", "cell/app"},
		reason: "all SQL of a component lives in one package",
	},
	{
		from: "...", to: []string{"github.com/nats-io/..."},
		except: []string{"controlplane/internal/natsbus", "controlplane/app", "router/internal/feed", "router/app", "shared/servers", "shared/testkit", "loadtest/bench"},
		reason: "NATS is an edge",
	},
	{
		from: "...", to: []string{"github.com/stripe/..."}, except: []string{"controlplane/internal/stripe"},
		reason: "Stripe is an edge",
	},
	{
		from: "...", to: []string{"github.com/ory/..."}, except: []string{"controlplane/internal/hydra"},
		reason: "the authorization server is an edge",
	},
	{
		from: "controlplane/internal/stripe/stripetest", to: []string{"github.com/coditect/..."},
		reason: "the fake has its own opinion of what Stripe does",
	},
	{
		from: "...", to: []string{"github.com/rabbitmq/..."}, except: []string{"cell/internal/amqp", "cell/app", "shared/servers", "shared/testkit"},
		reason: "RabbitMQ is an edge",
	},
	{
		from: "cell/...", to: []string{"github.com/redis/..."}, except: []string{"cell/internal/rediscache"},
		reason: "Redis is an edge",
	},
	{from: "loadtest/internal/scenario", to: []string{"loadtest/...", "net", "net/http"}, reason: "a plan is read and checked before anything is reached"},
	{from: "loadtest/internal/arrival", to: []string{"loadtest/...", "net", "net/http"}, reason: "when requests begin is a function of the plan"},
	{from: "loadtest/internal/record", to: []string{"loadtest/...", "net", "net/http"}, reason: "a record is added up by whoever has it"},
	{from: "loadtest/internal/capacity", to: []string{"loadtest/...", "net", "net/http"}, reason: "a search and a fit are functions of what trials bring"},
	{from: "loadtest/internal/...", to: []string{"controlplane/internal/...", "router/...", "cell/..."}, reason: "load comes through public interfaces"},
	{
		from: "...", to: []string{"go.opentelemetry.io/otel/sdk/...", "go.opentelemetry.io/otel/exporters/..."}, except: []string{"shared/tracing"},
		reason: "who makes spans does not know where they go",
	},
	{
		from: "...", to: []string{"shared/testkit/..."}, except: []string{"shared/testkit/cmd/withservers"},
		reason: "test code is not compiled into programs (this table reads no _test.go files for this rule)",
	},
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	imports := importsOf(t, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
	if len(imports) < 10 {
		t.Fatalf("only %d packages were read; the test looks in the wrong place", len(imports))
	}
	for pkg, imported := range imports {
		for _, r := range rules {
			if !matches(r.from, pkg) || slices.Contains(r.except, pkg) {
				continue
			}
			for _, imp := range imported {
				if imp != pkg && anyMatches(r.to, imp) {
					t.Errorf("%s imports %s: %s", pkg, imp, r.reason)
				}
			}
		}
	}
}

// siblings are sets of packages of which none imports another.
var siblings = []string{"controlplane/internal/", "router/internal/", "cell/internal/", "loadtest/internal/"}

// introduced lists the imports among siblings that the map in
// docs/architecture.md draws as arrows: an edge that serves use-cases.
var introduced = map[string][]string{
	"controlplane/internal/httpapi":    {"cells", "custody", "directory", "onboarding", "identity", "migration", "billing", "recovery"},
	"controlplane/internal/signin":     {"throttle"},
	"controlplane/internal/stripe":     {"billing"},
	"controlplane/internal/onboarding": {"placement"},
	"controlplane/internal/directory":  {"placement"},
	"controlplane/internal/migration":  {"placement"},
	"controlplane/internal/cli":        {"cellfiles", "rollout"},
	"router/internal/proxy": {
		"resolve", "tenantcache", "policy", "limiter", "hold", "shed", "topk", "http1", "wire", "upstream", "listen",
	},
	"router/internal/upstream":  {"wire"},
	"router/internal/feed":      {"tenantcache"},
	"router/internal/lookup":    {"tenantcache"},
	"cell/internal/httpapi":     {"workspaces", "jobs", "chain", "events", "metering", "webhooks", "graph", "billing"},
	"cell/internal/internalapi": {"residency", "chain", "export", "transfer", "transfer/frame", "metering", "workspaces", "credentials"},
	"cell/internal/sourcecell":  {"transfer"},

	"loadtest/internal/fleet":     {"tenantclient", "procs"},
	"loadtest/internal/generate":  {"scenario", "record", "arrival", "tenants", "engine"},
	"loadtest/internal/view":      {"scenario", "record"},
	"loadtest/internal/report":    {"scenario", "record"},
	"loadtest/internal/conduct":   {"scenario", "record", "arrival", "tenants", "engine", "generate", "report"},
	"loadtest/internal/compare":   {"record"},
	"loadtest/internal/cli":       {"scenario", "record", "generate", "conduct", "report", "view", "plane", "compare", "seed", "capacity", "resources", "tenants", "hold"},
	"loadtest/internal/hold":      {"engine"},
	"loadtest/internal/seed":      {"plane", "tenants"},
	"loadtest/internal/resources": {"procs"},
}

func TestSiblingsDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	for pkg, imported := range importsOf(t, func(name string) bool { return !strings.HasSuffix(name, "_test.go") }) {
		for _, root := range siblings {
			if !strings.HasPrefix(pkg, root) {
				continue
			}
			for _, imp := range imported {
				name, sibling := strings.CutPrefix(imp, root)
				if !sibling || strings.HasPrefix(imp, pkg) || strings.HasPrefix(pkg, imp+"/") || slices.Contains(introduced[pkg], name) {
					continue
				}
				t.Errorf("%s imports its sibling %s; let app introduce them", pkg, imp)
			}
		}
	}
}

func TestSharedPackagesServeTwoComponents(t *testing.T) {
	t.Parallel()
	users := map[string]map[string]bool{}
	for pkg, imported := range importsOf(t, func(string) bool { return true }) {
		component, _, _ := strings.Cut(pkg, "/")
		for _, imp := range imported {
			if strings.HasPrefix(imp, "shared/") && component != "shared" {
				if users[imp] == nil {
					users[imp] = map[string]bool{}
				}
				users[imp][component] = true
			}
		}
	}
	for _, pkg := range []string{"tenancy", "fault", "directory", "plans", "cellapi", "run", "web", "pg", "telemetry", "tracing", "authn", "totp", "servers", "testkit"} {
		// servers reaches the components through testkit.
		if got := users["shared/"+pkg]; len(got) < 2 && pkg != "servers" {
			t.Errorf("shared/%s has importers in %d components (%v); it belongs into the one that uses it", pkg, len(got), got)
		}
	}
}

// importsOf returns, for every package of the module, what its files import:
// our own paths without the module's name.
func importsOf(t *testing.T, want func(file string) bool) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	files := token.NewFileSet()
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "tools") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || !want(path) {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		for _, spec := range file.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[pkg] = append(imports[pkg], strings.TrimPrefix(imp, module))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

func anyMatches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

func matches(pattern, path string) bool {
	prefix, deep := strings.CutSuffix(pattern, "...")
	if !deep {
		return path == pattern
	}
	return strings.HasPrefix(path+"/", prefix)
}
