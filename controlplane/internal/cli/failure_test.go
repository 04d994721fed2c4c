package cli_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/fault"
)

// wants fails the test unless the result has the code and the texts.
func (r result) wants(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("no %q in\n%s%s", text, r.stdout, r.stderr)
		}
	}
}

func TestExitCodeOfEachFault(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]struct {
		exit int
		hint string
	}{
		fault.Unauthenticated: {cli.ExitAuth, "context set NAME --key-file"},
		fault.Forbidden:       {cli.ExitAuth, "cellctl whoami"},
		fault.Conflict:        {cli.ExitConflict, "cellctl tenant show acme"},
		fault.KeyReused:       {cli.ExitConflict, "idempotency key"},
		fault.Stale:           {cli.ExitConflict, "look at it again"},
		fault.Invalid:         {cli.ExitFailed, "correct the values"},
		fault.Internal:        {cli.ExitFailed, "report it with the request id"},
		fault.Unavailable:     {cli.ExitFailed, "try again"},
		fault.RateLimited:     {cli.ExitFailed, "try again"},
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			plane := startPlane(t)
			term := newTerminal(t, plane)
			plane.refuseNext(nil, fault.New(code, "no luck").At("/field", "is odd")) // the look-up passes
			r := term.run("tenant", "suspend", "acme")
			r.wants(t, want.exit, "suspend tenant acme: no luck: /field is odd ("+string(code)+", request id ", want.hint)
			if r.stdout != "" {
				t.Errorf("a failure wrote to standard output: %q", r.stdout)
			}
		})
	}
}

func TestViewerMayLookOnly(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("context", "set", "test", "--key-file", term.write("viewer", viewerKey)).wants(t, 0)
	term.run("tenant", "ls").wants(t, 0)
	term.run("cell", "cordon", "cell-a").wants(t, cli.ExitAuth, "cordon cell cell-a: this needs the role operator (forbidden,")
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	term := bareTerminal(t)
	r := term.run("cell", "ls", "--server", "http://"+address)
	r.wants(t, cli.ExitFailed, "cannot reach the control plane at http://"+address, "connection refused", "hint: ")
	if strings.Contains(r.stderr, "request id") {
		t.Errorf("nothing was sent, and yet: %s", r.stderr)
	}
	// Waiting does not make a wrong address right.
	create := []string{"tenant", "create", "initech", "--organization", "I", "--owner-name", "B", "--owner-email", "b@c.de", "--server", "http://" + address}
	term.run(create...).wants(t, cli.ExitFailed, "cannot reach", "--idempotency-key ")
}

func TestNotAControlPlane(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello")) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example/", http.StatusFound)
		},
		"a 404 page": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			bareTerminal(t).run("cell", "ls", "--server", server.URL).wants(t, cli.ExitFailed, "not as a control plane does", "hint: check the server's URL")
		})
	}
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"cells":[{"id":"cell-a"`))
	}))
	t.Cleanup(cut.Close)
	bareTerminal(t).run("cell", "ls", "--server", cut.URL).wants(t, cli.ExitFailed, "broke off")
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	bareTerminal(t).run("cell", "ls", "--server", server.URL, "--request-timeout", "20ms").
		wants(t, cli.ExitFailed, "no answer from", "(timeout, request id ", "--request-timeout")
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	arrived, done := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-done
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		<-arrived
		interrupt()
	}()
	term := bareTerminal(t)
	r := term.runContext(ctx, "tenant", "create", "initech", "--organization", "I", "--owner-name", "B", "--owner-email", "b@c.de", "--server", server.URL)
	r.wants(t, cli.ExitFailed, "cellctl: interrupted", "--idempotency-key ")
}

func TestInterruptWhileAsked(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.person("")
	ctx, interrupt := context.WithCancel(t.Context())
	term.options.Stdin = &reluctant{asked: interrupt, Reader: endless(t)}
	term.runContext(ctx, "tenant", "delete", "acme").wants(t, cli.ExitFailed, "cellctl: interrupted")
	term.run("tenant", "show", "acme", "-o", "jsonl").wants(t, 0, `"state":"active"`)
}

// reluctant is a person who is asked, and answers with Ctrl-C.
type reluctant struct {
	asked func()
	io.Reader
}

func (r *reluctant) Read(b []byte) (int, error) {
	r.asked()
	return r.Reader.Read(b)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWrittenFails(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	for _, format := range []string{"table", "json", "jsonl"} {
		var errs strings.Builder
		opts := term.options
		opts.Args, opts.Stdout, opts.Stderr = []string{"tenant", "ls", "-o", format}, brokenWriter{}, &errs
		if code := cli.Run(t.Context(), opts); code != cli.ExitFailed || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%s: exit code %d, %s", format, code, errs.String())
		}
	}
}
