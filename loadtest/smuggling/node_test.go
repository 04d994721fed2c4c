//go:build smuggling

package smuggling_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

// newNode is Node with its lenient parser.
func newNode(t *testing.T) *server {
	t.Helper()
	s := newServer("node")
	dir, port := t.TempDir(), testkit.FreePorts(t, 1)[0]
	script, err := filepath.Abs("testdata/recorder.js")
	if err != nil {
		t.Fatal(err)
	}
	s.endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	s.program(t, servers.Spec{Path: nodeProgram, Args: []string{script, strconv.Itoa(port)}, Dir: dir, Ready: listens(port)})
	s.behind = func(t *testing.T) []sighting { return nodeLines(t, s, filepath.Join(dir, "log")) }
	return s
}

func nodeLines(t *testing.T, owner *server, path string) []sighting {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	signer := owner.signer()
	var all []sighting
	for line := range bytes.Lines(raw) {
		var l struct {
			ID, Method, Target, Host, Line, Sum, Code string
			Headers                                   []string
			Size, Trailers                            int
			Whole, Refused                            bool
		}
		if line[0] != '{' { // Node warns of its parser's leniency
			continue
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("Node's log: %v: %s", err, line)
		}
		s := sighting{server: owner.name, id: l.ID, method: l.Method, target: l.Target, host: l.Host, whole: l.Whole, refused: l.Refused, line: l.Line + l.Code}
		if !l.Refused {
			sum, _ := hex.DecodeString(l.Sum)
			s.body.size = l.Size
			copy(s.body.sum[:], sum)
			r := &http.Request{Method: l.Method, RequestURI: l.Target, Header: http.Header{}}
			for i := 0; i+1 < len(l.Headers); i += 2 {
				r.Header.Add(l.Headers[i], l.Headers[i+1])
			}
			if s.wrong = wrongIn(r, signer, owner.id); l.Trailers > 0 {
				s.wrong = "it has trailers"
			}
		}
		all = append(all, s)
	}
	return all
}
