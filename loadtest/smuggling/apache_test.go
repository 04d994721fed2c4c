//go:build smuggling

package smuggling_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

// newApache is Apache in front of a recorder, with its most lenient parser.
func newApache(t *testing.T) *server {
	t.Helper()
	s := newServer("apache")
	r, addr, stopRecorder := newRecorder(t, s)
	dir, port := t.TempDir(), testkit.FreePorts(t, 1)[0]
	access := filepath.Join(dir, "access.log")
	config := filepath.Join(dir, "apache.conf")
	text := fmt.Sprintf(apacheConfig, dir, access, addr, port)
	if os.Getuid() == 0 {
		text += "User www-data\nGroup www-data\n"
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	s.program(t, servers.Spec{Path: apacheProgram, OrphanSignal: syscall.SIGTERM, Args: []string{"-DFOREGROUND", "-f", config}, Dir: dir, Ready: listens(port)})
	stopApache := s.stop
	s.stop = func(t *testing.T) { stopApache(t); stopRecorder(t) }
	s.behind = func(t *testing.T) []sighting { return join(t, apacheLines(t, s.name, access), r) }
	return s
}

const apacheConfig = `ServerRoot %[1]s
ServerName localhost
DefaultRuntimeDir %[1]s
PidFile %[1]s/pid
ErrorLog %[1]s/error.log
LogLevel warn
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LogFormat "%%{X-Request-Id}i\t%%m\t%%{Host}i\t%%>s\t%%r" seen
CustomLog %[2]s seen
Listen 127.0.0.1:%[4]d
StartServers 1
ServerLimit 1
ThreadsPerChild 32
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
HttpProtocolOptions Unsafe LenientMethods Allow0.9
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 600
Timeout 60
LimitRequestLine 131072
LimitRequestFieldSize 131072
LimitRequestFields 0
AllowEncodedSlashes NoDecode
TraceEnable Off
ProxyPreserveHost On
ProxyAddHeaders Off
ProxyPass / http://%[3]s/ nocanon
`

func apacheLines(t *testing.T, name, path string) []logged {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []logged
	for line := range strings.Lines(string(raw)) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
		if len(part) != 5 {
			t.Fatalf("Apache's log: %q", line)
		}
		status, err := strconv.Atoi(part[3])
		if err != nil {
			t.Fatalf("Apache's log: %v: %q", err, line)
		}
		first := apacheText(part[4])
		_, target, _ := strings.Cut(first, " ")
		target, _, _ = strings.Cut(target, " ")
		s := sighting{server: name, id: apacheText(part[0]), method: part[1], target: target, host: apacheText(part[2]), line: first}
		if s.refused = s.id == "-"; s.refused {
			s.id = ""
		}
		if !probe(s.method, s.target, s.id) {
			all = append(all, logged{sighting: s, status: status})
		}
	}
	return all
}

// apacheText undoes the escapes of Apache's log, which are those of C.
func apacheText(s string) string {
	text, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		return s
	}
	return text
}
