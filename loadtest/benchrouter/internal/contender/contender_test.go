package contender_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/coditect/platform/loadtest/benchrouter/internal/backend"
	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

const tenants = 500

// setup writes the maps and serves the cells.
func setup(t *testing.T) *contender.Setup {
	t.Helper()
	dir := t.TempDir()
	ports, err := servers.FreePorts(workload.Cells)
	if err != nil {
		t.Fatal(err)
	}
	s := &contender.Setup{
		Dir: dir, HostMap: filepath.Join(dir, "hosts.map"), NginxMap: filepath.Join(dir, "hosts.conf"), IDMap: filepath.Join(dir, "ids.map"),
		CellPorts: ports, Threads: 1,
	}
	for _, err := range []error{
		workload.WriteHostMap(s.HostMap, tenants, ""), workload.WriteHostMap(s.NginxMap, tenants, ";"), workload.WriteIDMap(s.IDMap, tenants),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- backend.Serve(ctx, ports) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("cells: %v", err)
		}
	})
	return s
}

func launch(t *testing.T, program string, start func() (*contender.Contender, error)) *contender.Contender {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Skip("deploy/local/install.sh installs it: ", err)
	}
	c, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := c.AwaitReady(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends a few thousand requests over the generator, every tenant's among
// them.
func ask(t *testing.T, c *contender.Contender, requests *workload.Requests) {
	t.Helper()
	result, err := loadgen.Closed(testkit.Context(t), loadgen.Options{
		To: c.Addr, Connections: 16, Requests: requests, Count: 2 * tenants, AnswerSize: workload.AnswerSize, Processor: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	if cpu, err := c.CPU(); err != nil || cpu <= 0 {
		t.Errorf("CPU time: %v, %v", cpu, err)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	s := setup(t)
	t.Run("haproxy", func(t *testing.T) {
		t.Parallel()
		ask(t, launch(t, "/usr/sbin/haproxy", func() (*contender.Contender, error) { return contender.HAProxy(s) }), &workload.Requests{Tenants: tenants})
	})
	t.Run("nginx", func(t *testing.T) {
		t.Parallel()
		ask(t, launch(t, "/usr/sbin/nginx", func() (*contender.Contender, error) { return contender.Nginx(s) }), &workload.Requests{Tenants: tenants})
	})
}

// HAProxy really does what it is compared for.
func TestHAProxyFull(t *testing.T) {
	t.Parallel()
	issuer, err := workload.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := workload.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := issuer.Tokens(20)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Tokens(1)
	if err != nil {
		t.Fatal(err)
	}
	key, err := issuer.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	s := setup(t)
	c := launch(t, "/usr/sbin/haproxy", func() (*contender.Contender, error) { return contender.HAProxyFull(s, key) })
	ask(t, c, &workload.Requests{Tokens: tokens, Identified: true})
	for name, token := range map[string]string{"none": "", "a stranger's": forged[0], "cut": tokens[0][:len(tokens[0])-4]} {
		req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, "http://"+c.Addr.String()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("token %s: %d", name, resp.StatusCode)
		}
	}
}
