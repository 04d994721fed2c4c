//go:build smuggling

package smuggling_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

// newNginx is nginx in front of a recorder. What its access log has is what it
// read; the recorder adds the body.
func newNginx(t *testing.T) *server {
	t.Helper()
	s := newServer("nginx")
	r, addr, stopRecorder := newRecorder(t, s)
	dir, port := t.TempDir(), testkit.FreePorts(t, 1)[0]
	access := filepath.Join(dir, "access.log")
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, dir, access, addr, port)
	if os.Getuid() == 0 {
		text = "user www-data;\n" + text
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	s.program(t, servers.Spec{Path: nginxProgram, OrphanSignal: syscall.SIGTERM, Args: []string{"-c", config}, Dir: dir, Ready: listens(port)})
	stopNginx := s.stop
	s.stop = func(t *testing.T) { stopNginx(t); stopRecorder(t) }
	s.behind = func(t *testing.T) []sighting { return join(t, nginxLines(t, s.name, access), r) }
	return s
}

const nginxConfig = `daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log %[1]s/error.log warn;
events { worker_connections 1000; }
http {
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
    log_format seen escape=json '{"id":"$http_x_request_id","method":"$request_method","target":"$request_uri","host":"$http_host","status":$status,"line":"$request"}';
    access_log %[2]s seen;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    client_header_buffer_size 64k;
    large_client_header_buffers 16 128k;
    client_body_buffer_size 1m;
    client_max_body_size 0;
    underscores_in_headers on;
    ignore_invalid_headers off;
    merge_slashes off;
    upstream recorder { server %[3]s; keepalive 16; }
    server {
        listen 127.0.0.1:%[4]d;
        location / {
            proxy_pass http://recorder;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_next_upstream off;
        }
    }
}
`

func nginxLines(t *testing.T, name, path string) []logged {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []logged
	for line := range bytes.Lines(raw) {
		var l struct {
			ID, Method, Target, Host, Line string
			Status                         int
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("nginx's log: %v: %s", err, line)
		}
		if probe(l.Method, l.Target, l.ID) {
			continue
		}
		all = append(all, logged{status: l.Status, sighting: sighting{
			server: name, id: l.ID, method: l.Method, target: l.Target, host: l.Host, line: l.Line, refused: l.ID == "",
		}})
	}
	return all
}
