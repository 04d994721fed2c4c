package hydra_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/coditect/platform/shared/fault"
)

// What somebody has allowed is listed by application, whatever was asked how often;
// withdrawn, it ends the refresh tokens of that application and nobody else's.
func TestGrantsAreListedAndWithdrawn(t *testing.T) {
	t.Parallel()
	w, b, p := newWorld(t), newBrowser(t), newUser()
	if grants, err := w.GrantsOf(t.Context(), p.Subject); err != nil || len(grants) != 0 {
		t.Fatalf("of somebody unknown: %+v, %v", grants, err)
	}
	guest, partner, console := w.app("guest", "guest-secret", "projects:read"), w.app("partner", "guest-secret", "projects:read"), w.app("console", "")
	writes := w.app("partner", "guest-secret", "projects:write")
	began := time.Now().Add(-time.Second) // Hydra's times are to the second
	first, second, ours := w.signIn(t, b, guest, apiAudience, p), w.signIn(t, b, partner, apiAudience, p), w.signIn(t, b, console, apiAudience, p)
	third := w.signIn(t, b, writes, apiAudience, p)
	w.signIn(t, newBrowser(t), guest, apiAudience, newUser())
	for _, size := range []int{1, 2, 250} {
		grants, err := w.GrantsInPages(t.Context(), p.Subject, size)
		if err != nil || len(grants) != 2 {
			t.Fatalf("in pages of %d: %+v, %v", size, grants, err)
		}
		if g := grants[0]; g.Client.ID != "partner" || g.Client.Name != "Partner & Sons" || fmt.Sprint(g.Scopes) != "[offline_access openid projects:read projects:write]" || g.Since.Before(began) {
			t.Errorf("in pages of %d: %+v", size, g)
		}
		if g := grants[1]; g.Client.ID != "guest" {
			t.Errorf("in pages of %d: %+v", size, g)
		}
	}

	if err := w.WithdrawGrant(t.Context(), p.Subject, "partner"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		app   *oauth2.Config
		token *oauth2.Token
		good  bool
	}{"partner": {partner, second, false}, "partner, again": {writes, third, false}, "guest": {guest, first, true}, "console": {console, ours, true}} {
		if _, err := refresh(t.Context(), c.app, c.token.RefreshToken); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if grants, err := w.GrantsOf(t.Context(), p.Subject); err != nil || len(grants) != 1 || grants[0].Client.ID != "guest" {
		t.Errorf("%+v, %v", grants, err)
	}
	if err := w.WithdrawGrant(t.Context(), p.Subject, "nobody"); err != nil {
		t.Errorf("of an unknown application: %v", err)
	}
	away := newAway(t)
	_, list := away.GrantsOf(t.Context(), p.Subject)
	for name, err := range map[string]error{"list": list, "withdraw": away.WithdrawGrant(t.Context(), p.Subject, "guest")} {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The hook is told in which browser's session a token was given, at each refresh,
// and the token does not tell it.
func TestTheHookKnowsTheBrowsersSession(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), newUser()
	p.Context.Session = uuid.Must(uuid.NewV7())
	app := w.app("console", "")
	token := w.signIn(t, newBrowser(t), app, apiAudience, p)
	token, err := refresh(t.Context(), app, token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, token.AccessToken, map[string]any{"session": nil, "offline": nil})
	asked := w.claims.requests(p.Subject)
	if len(asked) != 2 {
		t.Fatalf("asked %d times", len(asked))
	}
	for _, r := range asked {
		if r.Session != p.Context.Session || r.Offline {
			t.Errorf("asked: %+v", r)
		}
	}
	w.claims.say(p.Subject, nil, fault.New(fault.Forbidden, "the session was ended"))
	if _, err := refresh(t.Context(), app, token.RefreshToken); err == nil {
		t.Error("a refresh in a session that was ended")
	}
}
