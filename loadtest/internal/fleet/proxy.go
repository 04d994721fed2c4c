package fleet

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/servers"
)

// Proxy stands before one port.
type Proxy struct {
	port  int
	proxy *toxiproxy.Proxy
}

func startProxies(ports local.Ports) (map[string]*Proxy, error) {
	names := append(append([]string(nil), proxied...), fronts...)
	free, err := servers.FreePorts(len(names))
	if err != nil {
		return nil, err
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	all := make(map[string]*Proxy, len(names))
	for i, name := range names {
		p := &Proxy{port: free[i], proxy: toxiproxy.NewProxy(server, name, address(free[i]), address(ports[name]))}
		if err := p.proxy.Start(); err != nil {
			return all, fmt.Errorf("proxy before %s: %w", name, err)
		}
		all[name] = p
	}
	return all, nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Cut ends every connection and lets no new one through until Mend.
func (p *Proxy) Cut() { p.proxy.Stop() }

// Slow delays everything that goes through, in both directions, until Mend. It
// takes the place of an earlier delay.
func (p *Proxy) Slow(by time.Duration) error {
	p.proxy.Toxics.ResetToxics(context.Background())
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"name": "slow-%s", "type": "latency", "stream": %q, "attributes": {"latency": %d, "jitter": %d}}`,
			stream, stream, by.Milliseconds(), by.Milliseconds()/4)
		if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return err
		}
	}
	return nil
}

// Mend undoes both.
func (p *Proxy) Mend(ctx context.Context) error {
	p.proxy.Toxics.ResetToxics(ctx)
	if err := p.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted { //nolint:errorlint // it is returned as it is
		return err
	}
	return nil
}

func (p *Proxy) close() { p.proxy.Stop() }
