package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/shared/directory"
)

// raw sends bytes on one connection and returns a reader of the answers.
func (f *fixture) raw(t *testing.T, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func read(t *testing.T, r *bufio.Reader, method string) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPipelinedRequests(t *testing.T) {
	t.Parallel()
	f := start(t)
	var all strings.Builder
	for i := range 5 {
		body := strings.Repeat("x", i)
		all.WriteString("POST / HTTP/1.1\r\nHost: acme.example.com\r\nContent-Length: " + string(rune('0'+i)) + "\r\n\r\n" + body)
	}
	all.WriteString("POST / HTTP/1.1\r\nHost: acme.example.com\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
	all.WriteString("HEAD / HTTP/1.1\r\nHost: acme.example.com\r\n\r\nGET / HTTP/1.1\r\nHost: acme.example.com\r\nConnection: close\r\n\r\n")
	_, r := f.raw(t, all.String())
	for i := range 5 {
		if resp, body := read(t, r, "POST"); resp.StatusCode != 200 || body != "cell-a "+strings.Repeat("x", i) {
			t.Fatalf("%d: %d %q", i, resp.StatusCode, body)
		}
	}
	if _, body := read(t, r, "POST"); body != "cell-a ab" {
		t.Fatalf("chunked: %q", body)
	}
	if resp, _ := read(t, r, "HEAD"); resp.StatusCode != 200 {
		t.Fatalf("HEAD: %d", resp.StatusCode)
	}
	if resp, body := read(t, r, "GET"); !resp.Close || body != "cell-a " {
		t.Fatalf("last: %q", body)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Fatalf("after Connection: close: %v", err)
	}
}

func TestARequestThatArrivesInPieces(t *testing.T) {
	t.Parallel()
	f := start(t)
	conn, r := f.raw(t, "")
	whole := "POST /x HTTP/1.1\r\nHost: acme.example.com\r\nX-Long: " + strings.Repeat("y", 9000) + "\r\nContent-Length: 5\r\n\r\nhello"
	for _, size := range []int{1000, 1, 3, 4000} {
		n := min(size, len(whole))
		if _, err := io.WriteString(conn, whole[:n]); err != nil {
			t.Fatal(err)
		}
		whole = whole[n:]
	}
	_, _ = io.WriteString(conn, whole)
	if resp, body := read(t, r, "POST"); resp.StatusCode != 200 || body != "cell-a hello" {
		t.Fatalf("%d %q", resp.StatusCode, body)
	}
}

func TestLeaveToSendIsGivenOnceTheHeaderIsAccepted(t *testing.T) {
	t.Parallel()
	f := start(t)
	conn, r := f.raw(t, "POST / HTTP/1.1\r\nHost: acme.example.com\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = r.ReadString('\n')
	_, _ = io.WriteString(conn, "ok")
	if _, body := read(t, r, "POST"); body != "cell-a ok" {
		t.Fatalf("%q", body)
	}
	_, r = f.raw(t, "POST / HTTP/1.1\r\nHost: nobody.example.com\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	if resp, _ := read(t, r, "POST"); resp.StatusCode != 404 || !resp.Close {
		t.Fatalf("an unknown tenant's: %d", resp.StatusCode)
	}
}

func TestHTTP10(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush() // so that the length is not known
		_, _ = io.WriteString(w, "b")
	})
	_, r := f.raw(t, "GET / HTTP/1.0\r\nHost: acme.example.com\r\nConnection: keep-alive\r\n\r\n")
	raw, err := io.ReadAll(r)
	if err != nil || bytes.Contains(raw, []byte("chunked")) || !bytes.HasSuffix(raw, []byte("\r\n\r\nab")) {
		t.Fatalf("%q %v", raw, err)
	}
}

// A cell that answers before the body has ended is heard.
func TestAnEarlyAnswer(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) })
	conn, r := f.raw(t, "POST / HTTP/1.1\r\nHost: acme.example.com\r\nContent-Length: 90000000\r\n\r\n"+strings.Repeat("x", 200<<10))
	if resp, _ := read(t, r, "POST"); resp.StatusCode != 409 || !resp.Close {
		t.Fatalf("%d", resp.StatusCode)
	}
	_ = conn.Close()
}

// A body that breaks off must not look whole to the client.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]string{"length": "200000", "chunked": ""} {
		f := start(t)
		f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = w.Write(make([]byte, 100<<10))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		_, r := f.raw(t, "GET / HTTP/1.1\r\nHost: acme.example.com\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: the client took half an answer for a whole one", name)
		}
		_ = resp.Body.Close()
	}
}

// Slowloris: a header that never ends is answered 408, and an idle connection
// is closed, by the clock that the test moves.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	var offset atomic.Int64
	f := start(t, func(o *proxy.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	})
	_, slow := f.raw(t, "GET / HTTP/1.1\r\nHost: acme.exa")
	_, idle := f.raw(t, "GET / HTTP/1.1\r\nHost: acme.example.com\r\n\r\n")
	read(t, idle, "GET")
	moved := make(chan struct{})
	go func() { // again and again, since the router may read its first octets late
		defer close(moved)
		for range 100 {
			offset.Add(int64(10 * time.Second))
			<-time.After(10 * time.Millisecond)
		}
	}()
	if resp, _ := read(t, slow, "GET"); resp.StatusCode != 408 || !resp.Close {
		t.Errorf("slow header: %d", resp.StatusCode)
	}
	if _, err := idle.ReadByte(); err != io.EOF {
		t.Errorf("idle connection: %v", err)
	}
	<-moved
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"echo"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), kind, data); err != nil {
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, resp, err := websocket.Dial(ctx, "ws://"+f.addr+"/socket", &websocket.DialOptions{Host: "acme.example.com", Subprotocols: []string{"echo"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	if c.Subprotocol() != "echo" || resp.Header.Get("X-Request-Id") == "" {
		t.Errorf("%q %v", c.Subprotocol(), resp.Header)
	}
	for _, size := range []int{0, 1, 125, 126, 4096, 65536, 1 << 19} {
		sent := make([]byte, size)
		_, _ = rand.Read(sent)
		if err := c.Write(ctx, websocket.MessageBinary, sent); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d octets: %d, %v", size, len(got), err)
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("closing handshake: %v", err)
	}
}

// Nothing but WebSocket is switched to, and a cell cannot switch unasked.
func TestNoOtherUpgrade(t *testing.T) {
	t.Parallel()
	f := start(t)
	saw := make(chan http.Header, 1)
	f.cells["cell-a"].handle(func(_ http.ResponseWriter, r *http.Request) { saw <- r.Header.Clone() })
	f.do(t, "GET", "acme.example.com", "/", "", "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "Http2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")
	if h := <-saw; h.Get("Upgrade") != "" || h.Get("Http2-Settings") != "" || h.Get("Connection") != "" {
		t.Errorf("the cell saw %v", h)
	}
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
	})
	if resp, _ := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 502 {
		t.Errorf("unasked: %d", resp.StatusCode)
	}
}

// A client that sends its next request before it has read the answer is served,
// whether its requests come in one piece or in many.
func TestClientsThatSpeakEarly(t *testing.T) {
	t.Parallel()
	began := time.Now()
	f := start(t, func(o *proxy.Options) { o.Now = func() time.Time { return began } }) // no wait ends by itself
	entered, release := make(chan struct{}), make(chan struct{})
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		w.WriteHeader(http.StatusNoContent)
	})
	const request = "GET / HTTP/1.1\r\nHost: acme.example.com\r\n\r\n"
	conn, r := f.raw(t, request)
	for range 20 {
		<-entered
		if _, err := io.WriteString(conn, request); err != nil { // while the last one is under way
			t.Fatal(err)
		}
		release <- struct{}{}
		read(t, r, "GET")
	}
	<-entered
	release <- struct{}{}
	read(t, r, "GET")
}

// What a cell says without being asked is nobody's answer: least of all the next
// tenant's.
func TestACellThatSpeaksUnasked(t *testing.T) {
	t.Parallel()
	f := start(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	more, said := make(chan struct{}), make(chan struct{})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+req.URL.Path[1:2])
					if req.Method == "GET" && req.URL.Path != "/" { // the router has taken the answer when the client says so
						<-more
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
						said <- struct{}{}
					}
				}
			}()
		}
	}()
	f.cache.PutCell(directory.Cell{ID: "cell-a", Endpoint: "http://" + listener.Addr().String(), State: directory.CellActive, Version: 99})
	for _, path := range []string{"/a", "/b", "/c"} {
		if resp, body := f.do(t, "GET", "acme.example.com", path, ""); resp.StatusCode != 200 || body != path[1:] {
			t.Fatalf("%s: %d %q", path, resp.StatusCode, body)
		}
		more <- struct{}{}
		<-said
	}
}
