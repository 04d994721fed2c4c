package local

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// usageInterval lets people see their usage billed while they wait.
const usageInterval = "10s"

// The platform's own programs. Flags are what anyone on the machine may see;
// secrets go by environment.

func (l layout) controlPlane(bin string) part {
	spec := l.program(bin, "controlplane", "controlplane", l.ports.url("controlplane-admin"),
		"serve",
		"--listen", l.ports.address("controlplane"),
		"--admin-listen", l.ports.address("controlplane-admin"),
		"--domain", domain,
		"--tenant-url", l.ports.tenantURL("{slug}"),
		"--stripe-url", l.found().ports.url("stripe"),
		"--usage-interval", usageInterval,
		"--issuer", l.issuerURL(),
		"--jwks-url", l.found().hydra().JWKSURL(),
		"--hydra-admin-url", l.found().hydra().AdminURL(),
		"--signin-listen", l.ports.address("signin"),
		"--signin-url", l.signinURL(),
	)
	spec.Args = append(append(spec.Args, l.traceFlags()...), "--watch-disk", l.data("pg-control"))
	spec.Env = append(spec.Env, l.controlPlaneEnv()...)
	return part{name: "controlplane", needs: []string{stepControl, stepClients, "nats"}, spec: spec}
}

func (l layout) controlPlaneEnv() []string {
	return []string{
		"CONTROLPLANE_DATABASE_URL=" + l.found().controlPostgres().DSN(controlRole, l.secrets.ControlPlanePassword, controlDatabase),
		"CONTROLPLANE_CONTROL_KEY=" + l.secrets.ControlKey,
		"CONTROLPLANE_NATS_URL=" + l.found().nats().URL(), // with the password
		"CONTROLPLANE_STRIPE_KEY=" + l.secrets.StripeKey,
		"CONTROLPLANE_STRIPE_WEBHOOK_SECRET=" + l.secrets.StripeWebhookSecret,
		"CONTROLPLANE_TOKEN_HOOK_KEY=" + l.secrets.HydraHookKey,
	}
}

// stripe is a small one, so that billing works here and costs nothing.
func (l layout) stripe(bin string) part {
	spec := l.program(bin, "stripe", "stripefake", l.ports.url("stripe"),
		"--listen", l.ports.address("stripe"),
		"--base-url", l.ports.url("stripe"),
		"--webhook", l.found().ports.url("controlplane")+"/v1/webhooks/stripe",
	)
	spec.Env = append(spec.Env, "CONTROLPLANE_STRIPE_KEY="+l.secrets.StripeKey, "CONTROLPLANE_STRIPE_WEBHOOK_SECRET="+l.secrets.StripeWebhookSecret)
	return part{name: "stripe", needs: []string{stepBuild}, spec: spec}
}

func (l layout) router(bin, region string) part {
	name := routerName(region)
	spec := l.program(bin, name, "router", l.ports.url(name+"-admin"),
		"--listen", l.ports.address(name),
		"--admin-listen", l.ports.address(name+"-admin"),
		"--region", region,
		"--domain", domain,
		"--api-host", apiHost,
		"--directory-url", l.found().ports.url("controlplane"),
		"--snapshot", l.snapshot(region),
	)
	issuer := l.tokenIssuer(region)
	spec.Args = append(spec.Args, "--jwks-url", issuer.JWKSURL, "--issuer", issuer.Name, "--audience", issuer.Audience)
	spec.Args = append(append(spec.Args, l.traceFlags()...), "--watch-disk", l.data(name))
	spec.Env = append(spec.Env,
		"ROUTER_EDGE_KEY="+l.secrets.EdgeKey,
		"ROUTER_NATS_URL="+l.found().nats().URL(),        // with the password
		"ROUTER_REDIS_URL="+l.found().edgeRedis().URL(0), // likewise
		"ROUTER_DIRECTORY_TOKEN="+l.secrets.Keys[name],
	)
	return part{name: name, needs: []string{"controlplane", "nats", "redis-edge", stepClients}, spec: spec}
}

func (l layout) snapshot(region string) string {
	return filepath.Join(l.data(routerName(region)), "directory.snapshot")
}

// capacity is how many tenants a local cell says it can carry: enough for
// load tests of a whole directory, which are what a local platform is for.
const capacity = "1000000"

func (l layout) cellAPI(bin string, at site) (part, error) {
	edge, err := derived(l.secrets.EdgeKey, at.cell)
	if err != nil {
		return part{}, err
	}
	control, err := derived(l.secrets.ControlKey, at.cell)
	if err != nil {
		return part{}, err
	}
	name := at.cell + "-api"
	spec := l.program(bin, name, "cell", l.ports.url(at.cell+"-admin"),
		"api",
		"--cell", at.cell,
		"--region", at.region,
		"--listen", l.ports.address(at.cell),
		"--internal-listen", l.ports.address(at.cell+"-internal"),
		"--admin-listen", l.ports.address(at.cell+"-admin"),
		"--advertise", l.found().ports.url(at.cell),
		"--advertise-internal", l.found().ports.url(at.cell+"-internal"),
		"--controlplane-url", l.found().ports.url("controlplane"),
		"--capacity-tenants", capacity,
		"--egress-allow", "127.0.0.0/8", "--egress-http", // webhooks to this machine
		"--blob-url", l.blobURL(at),
	)
	spec.Args = append(append(spec.Args, l.traceFlags()...), "--watch-disk", l.data("pg-"+at.cell))
	secrets := l.secrets.Cells[at.cell]
	spec.Env = append(spec.Env,
		"CELL_DATABASE_URL="+l.found().pooler(at.cell).DSN(appRole, secrets.AppPassword, cellDatabase),
		"CELL_MOVER_DATABASE_URL="+l.found().cellPostgres(at.cell).DSN(moverRole, secrets.MoverPassword, cellDatabase),
		"CELL_REDIS_URL="+l.found().cellRedis(at.cell).URL(0),
		"CELL_EDGE_KEY="+edge,
		"CELL_CONTROL_KEY="+control,
		"CELL_CONTROLPLANE_TOKEN="+l.secrets.Keys[at.cell],
	)
	needs := []string{stepCell(at.cell), "pgbouncer-" + at.cell, "redis-" + at.cell, "controlplane"}
	return part{name: name, needs: needs, spec: spec}, nil
}

// blobURL is a cell's object storage: a directory, that API and worker share.
func (l layout) blobURL(at site) string {
	return "file://" + filepath.ToSlash(l.data(at.cell+"-files")) + "?create_dir=true"
}

func (l layout) cellWorker(bin string, at site) part {
	name := at.cell + "-worker"
	spec := l.program(bin, name, "cell", l.ports.url(at.cell+"-worker-admin"),
		"worker",
		"--cell", at.cell,
		"--admin-listen", l.ports.address(at.cell+"-worker-admin"),
		"--smtp", l.ports.address("mail-smtp"),
		"--egress-allow", "127.0.0.0/8", "--egress-http", // webhooks to this machine
		"--mail-from", mailFrom,
		"--domain", domain,
		"--tenant-url", l.ports.tenantURL("{slug}"),
		"--signin-url", l.signinURL(),
		"--blob-url", l.blobURL(at),
	)
	spec.Args = append(spec.Args, l.traceFlags()...)
	secrets := l.secrets.Cells[at.cell]
	spec.Env = append(spec.Env,
		"CELL_DATABASE_URL="+l.found().pooler(at.cell).DSN(appRole, secrets.AppPassword, cellDatabase),
		"CELL_RELAY_DATABASE_URL="+l.found().cellPostgres(at.cell).DSN(relayRole, secrets.RelayPassword, cellDatabase),
		"CELL_AMQP_URL="+l.found().broker().URL(at.cell, secrets.BrokerPassword, at.cell),
		"CELL_REDIS_URL="+l.found().cellRedis(at.cell).URL(0),
	)
	return part{name: name, needs: []string{stepCell(at.cell), "pgbouncer-" + at.cell, "redis-" + at.cell, "rabbitmq", "mail"}, spec: spec}
}

func (l layout) mail(bin string) part {
	spec := l.program(bin, "mail", "local", l.ports.url("mail-page"),
		"smtpsink",
		"--smtp-listen", l.ports.address("mail-smtp"),
		"--listen", l.ports.address("mail-page"),
		"--store", filepath.Join(l.dir, mailDir),
	)
	return part{name: "mail", needs: []string{stepBuild}, spec: spec}
}

// program is a process of one of our own programs, which is ready when its
// admin door says so.
func (l layout) program(bin, name, program, adminURL string, args ...string) servers.Spec {
	return servers.Spec{
		Name:       name,
		Path:       filepath.Join(bin, program),
		Args:       args,
		Env:        programEnv(),
		Dir:        l.data(name),
		Log:        l.log(name),
		Ready:      func(ctx context.Context) error { return ready(ctx, adminURL+"/readyz") },
		StopWithin: 20 * time.Second,
	}
}

func programEnv() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + os.TempDir(), "TZ=UTC"}
}

// ready asks a readiness endpoint; what it answers is part of the error.
func ready(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	const longest = 2 << 10
	answer, _ := io.ReadAll(io.LimitReader(response.Body, longest)) // for the message only
	return fmt.Errorf("%s: %s: %s", url, response.Status, strings.TrimSpace(string(answer)))
}
