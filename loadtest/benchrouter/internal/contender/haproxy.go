package contender

import (
	"fmt"
	"strings"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// HAProxy starts HAProxy with a map from hosts to cells.
func HAProxy(s *Setup) (*Contender, error) {
	return haproxy(s, "haproxy", fmt.Sprintf(`    http-request del-header x-tenant- -m beg
    option forwardfor
    use_backend %%[req.hdr(host),lower,map_str(%s)]
`, s.HostMap))
}

// haproxy starts HAProxy with rules for its only front.
func haproxy(s *Setup, name, rules string) (*Contender, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, `global
    nbthread %d
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
    http-reuse always
frontend edge
    bind 127.0.0.1:%d
%s`, s.Threads, port, rules)
	for cell, cellPort := range s.CellPorts {
		fmt.Fprintf(&text, "backend %s\n    server s 127.0.0.1:%d pool-max-conn -1\n", workload.CellName(cell), cellPort)
	}
	path, err := write(s, name, "haproxy.cfg", text.String())
	if err != nil {
		return nil, err
	}
	return start(s, program{name: name, path: "/usr/sbin/haproxy", args: []string{"-db", "-q", "-f", path}, port: port, ready: listens(port)})
}
