package cli

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// loginPatience is how long a person has to sign in.
const loginPatience = 10 * time.Minute

// loginPerson has a person sign in with the browser: authorization code with
// PKCE (RFC 7636), back to a port of this machine (RFC 8252 §7.3).
func (p *program) loginPerson(ctx context.Context, at *issuer, l *storedLogin) error {
	ctx, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return failed("listen for the browser: %s", innermost(err))
	}
	client := oauth2.Config{
		ClientID: l.ClientID, Scopes: []string{"openid", "offline_access", l.Scope},
		RedirectURL: fmt.Sprintf("http://%s/callback", listener.Addr()),
		Endpoint:    oauth2.Endpoint{AuthURL: at.Authorization, TokenURL: at.Token, AuthStyle: oauth2.AuthStyleInParams},
	}
	verifier, state := oauth2.GenerateVerifier(), rand.Text()
	back := newCallback(state)
	server := &http.Server{Handler: back, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer func() { _ = server.Close() }()      // nobody waits for an answer any more
	p.showPage(ctx, client.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("audience", l.Audience)))
	code, err := back.wait(ctx)
	if err != nil {
		return err
	}
	token, err := client.Exchange(p.withHTTP(ctx), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return doing(tokenFailure(err), "sign in")
	}
	l.take(token)
	return nil
}

// showPage opens the page, and prints it for those whose browser does not open.
func (p *program) showPage(ctx context.Context, page string) {
	p.note("Sign in with your browser:\n\n  %s\n", page)
	if p.opts.Browse == nil {
		return
	}
	go func() { _ = p.opts.Browse(ctx, page) }() // the page stands there, too
}

// callback is where the authorization server sends the browser. It takes one
// answer, of the login that this run began.
type callback struct {
	state string
	done  chan callbackAnswer
}

type callbackAnswer struct{ code, failure string }

func newCallback(state string) *callback {
	return &callback{state: state, done: make(chan callbackAnswer, 1)}
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	ours := subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(c.state)) == 1
	if r.Method != http.MethodGet || r.URL.Path != "/callback" || !ours {
		http.Error(w, "This page belongs to no login that has begun here.", http.StatusBadRequest)
		return
	}
	answer := callbackAnswer{code: query.Get("code"), failure: query.Get("error")}
	select {
	case c.done <- answer:
	default: // a second answer
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer") // this page's address holds the code
	if answer.code == "" {
		_, _ = fmt.Fprintln(w, "You are not signed in. Go back to the terminal.")
		return
	}
	_, _ = fmt.Fprintln(w, "Go back to the terminal; you may close this window.")
}

func (c *callback) wait(ctx context.Context) (code string, err error) {
	select {
	case <-ctx.Done():
		f := failed("nobody signed in").withHint("run it again, and open the page within %s", loginPatience)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			f.exit = ExitTimeout
		}
		return "", f
	case answer := <-c.done:
		if answer.code == "" {
			f := failed("the authorization server refuses: %s", oneLine(answer.failure))
			f.exit = ExitAuth
			return "", f
		}
		return answer.code, nil
	}
}
