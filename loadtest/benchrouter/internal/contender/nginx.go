package contender

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// Nginx starts nginx with a map from hosts to cells.
func Nginx(s *Setup) (*Contender, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.Dir, "nginx")
	var text strings.Builder
	// The hash's size is where nginx begins to look for one that fits; far
	// above the number of entries, the first one does.
	fmt.Fprintf(&text, `daemon off;
worker_processes %d;
pid %s/pid;
error_log %s/error.log crit;
events { worker_connections 4000; }
http {
    access_log off;
    client_body_temp_path %[2]s/body;
    proxy_temp_path %[2]s/proxy;
    fastcgi_temp_path %[2]s/fastcgi;
    uwsgi_temp_path %[2]s/uwsgi;
    scgi_temp_path %[2]s/scgi;
    keepalive_timeout 60s;
    keepalive_requests 1000000000;
    map_hash_max_size 4194304;
    map_hash_bucket_size 512;
    map $host $cell { include %[4]s; }
`, s.Threads, dir, dir, s.NginxMap)
	for cell, cellPort := range s.CellPorts {
		fmt.Fprintf(&text, "    upstream %s { server 127.0.0.1:%d; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 60s; }\n", workload.CellName(cell), cellPort)
	}
	fmt.Fprintf(&text, `    server {
        listen 127.0.0.1:%d;
        location / {
            proxy_pass http://$cell;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Tenant-Id "";
        }
    }
}
`, port)
	path, err := write(s, "nginx", "nginx.conf", text.String())
	if err != nil {
		return nil, err
	}
	return start(s, program{name: "nginx", path: "/usr/sbin/nginx", args: []string{"-c", path}, port: port, ready: listens(port)})
}
