//go:build smuggling

package smuggling_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/cellapi"
)

// naive is a router as one must not be: it believes Content-Length whatever
// else is there, forwards headers as they came, and lets all clients share one
// connection to the server behind.
type naive struct {
	behind  *server
	conn    net.Conn
	answers *bufio.Reader
	counts  []*counted
}

// serve answers one client after the other until the listener is closed.
func (n *naive) serve(t *testing.T, listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		in := bufio.NewReader(client)
		for n.forward(t, client, in) {
		}
		client.Close()
	}
}

func (n *naive) forward(t *testing.T, client net.Conn, in *bufio.Reader) bool {
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		head.WriteString(line)
	}
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head.String())))
	if err != nil {
		t.Error(err)
		return false
	}
	_, after, _ := strings.Cut(head.String(), "Content-Length: ")
	digits, _, _ := strings.Cut(after, "\r\n")
	size, _ := strconv.Atoi(digits) // 0 if there is none
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		return false
	}
	first, rest, _ := strings.Cut(strings.Replace(head.String(), "Connection: close\r\n", "", 1), "\r\n")
	if _, err := io.WriteString(n.conn, first+"\r\n"+n.signed(req)+rest+string(body)); err != nil {
		t.Error(err)
		return false
	}
	resp, err := http.ReadResponse(n.answers, req)
	if err != nil {
		t.Error(err)
		return false
	}
	id := req.Header.Get(cellapi.HeaderRequestID)
	n.counts = append(n.counts, &counted{count: &count{
		ID: id, Method: req.Method, Host: req.Host, Path: req.URL.Path, Cell: n.behind.name, Status: resp.StatusCode,
	}})
	resp.Header.Set(cellapi.HeaderRequestID, id)
	resp.Close = req.Close
	var answer bytes.Buffer
	if err := resp.Write(&answer); err != nil {
		t.Error(err)
	}
	_, err = client.Write(answer.Bytes())
	return err == nil && !req.Close
}

// signed is what a router adds to a request.
func (n *naive) signed(req *http.Request) string {
	claims := cellapi.Claims{
		Method: []byte(req.Method), Target: []byte(req.RequestURI), TenantID: []byte(n.behind.id.String()), Epoch: 1,
		RequestID: []byte(req.Header.Get(cellapi.HeaderRequestID)), Timestamp: time.Now().Unix(),
	}
	return fmt.Sprintf("X-Tenant-Id: %s\r\nX-Tenant-Epoch: 1\r\nX-Edge-Timestamp: %d\r\nX-Edge-Signature: %s\r\nX-Edge-Deadline: 1\r\n", claims.TenantID, claims.Timestamp, n.behind.signer().Append(nil, &claims)) +
		"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " + req.Host + "\r\nTraceparent: 00-1-1-00\r\n"
}

// judgeNaive attacks a naive router and returns what the judge says of it.
func judgeNaive(t *testing.T, mutations ...mutation) []string {
	t.Helper()
	s := newStdlib(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &naive{behind: s, conn: conn, answers: bufio.NewReader(conn)}
	done := make(chan struct{})
	go func() { defer close(done); n.serve(t, listener) }()
	j := &judge{}
	for i := range mutations {
		j.conversations = append(j.conversations, attackOnce(listener.Addr().String(), &mutations[i], &place{tenant: s.tenant, other: s.host, n: i})...)
	}
	listener.Close()
	<-done
	conn.Close()
	s.stop(t)
	j.counts, j.sightings = n.counts, s.behind(t)
	j.decide()
	return j.mismatches
}

// Without a router that is attacked with success nobody would know that success
// is noticed.
func TestTheJudgeKnowsANaiveRouter(t *testing.T) {
	t.Parallel()
	good := []mutation{
		served("GET", func(p *place) string { return p.main("GET", "", "") }),
		served("POST", func(p *place) string { return p.sized("POST", "", p.body(64)) + p.request("GET", "next", "", "") }),
	}
	if wrong := judgeNaive(t, good...); len(wrong) > 0 {
		t.Errorf("good requests: %q", wrong)
	}
	attacked := judgeNaive(t, append(good, attack("length and coding", func(p *place) string {
		return byLength(p, "", "Transfer-Encoding: chunked\r\n")
	}), good[0])...)
	for _, want := range []string{"which is none", "SMUGGLED", "it is the answer to stdlib.00002.hidden"} {
		if !strings.Contains(strings.Join(attacked, "\n"), want) {
			t.Errorf("the judge does not say %q, but %q", want, attacked)
		}
	}
}
