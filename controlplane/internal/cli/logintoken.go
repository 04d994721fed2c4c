package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/oauth2"
)

// renewBefore is how long before its end a token is renewed: longer than a
// request lasts to arrive, and than clocks differ.
const renewBefore = 30 * time.Second

// bearerOf returns what requests of a context are sent with: its key, or the
// access token of its login, renewed when it is about to end.
func (p *program) bearerOf(t target) bearer {
	if t.Login == nil {
		return func(context.Context) (string, error) { return t.Key, nil }
	}
	return func(ctx context.Context) (string, error) {
		if p.fresh(t.Login) {
			return t.Login.AccessToken, nil
		}
		l, err := p.renew(ctx, t.name)
		if err != nil {
			return "", err
		}
		t.Login = l
		return l.AccessToken, nil
	}
}

func (p *program) fresh(l *storedLogin) bool { return p.opts.Now().Before(l.Expires.Add(-renewBefore)) }

// renew gets another access token. A refresh token is good once, so only one
// cellctl does it at a time, and the others find what it got.
func (p *program) renew(ctx context.Context, name string) (*storedLogin, error) {
	var renewed *storedLogin
	err := p.changeContexts(func(file *contextFile) error {
		renewed = file.Contexts[name].Login
		switch {
		case renewed == nil:
			return signedOut(name)
		case p.fresh(renewed):
			return nil
		}
		return p.renewLogin(ctx, renewed)
	})
	return renewed, err
}

func (p *program) renewLogin(ctx context.Context, l *storedLogin) error {
	var token *oauth2.Token
	var err error
	if l.ClientSecret != "" {
		token, err = l.machine().Token(p.withHTTP(ctx))
	} else {
		client := oauth2.Config{ClientID: l.ClientID, Endpoint: oauth2.Endpoint{TokenURL: l.TokenURL, AuthStyle: oauth2.AuthStyleInParams}}
		token, err = client.TokenSource(p.withHTTP(ctx), &oauth2.Token{RefreshToken: l.RefreshToken}).Token()
	}
	if err != nil {
		f := tokenFailure(err)
		if f.exit == ExitAuth {
			f = f.withHint("sign in again: cellctl login")
		}
		return doing(f, "renew the login")
	}
	l.take(token)
	return nil
}

func signedOut(name string) *failure {
	f := failed("the context %s is signed out", name).withHint("sign in again: cellctl login %s", name)
	f.exit = ExitAuth
	return f
}

// changeContexts changes the contexts file while no other cellctl does, or leaves
// it if change returns an error.
func (p *program) changeContexts(change func(*contextFile) error) error {
	unlock, err := p.lockContexts()
	if err != nil {
		return failed("lock the contexts file: %s", err).withHint("CELLCTL_CONFIG names another file")
	}
	defer unlock()
	file, err := p.loadContexts()
	if err != nil {
		return err
	}
	if err := change(file); err != nil {
		return err
	}
	return p.saveContexts(file)
}

// lockContexts waits its turn. The lock is a file of its own: the contexts file
// itself is replaced by every change.
func (p *program) lockContexts() (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(p.opts.Config), 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(p.opts.Config+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return func() { _ = lock.Close() }, nil // closing unlocks
}
