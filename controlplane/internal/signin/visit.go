package signin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// Names of cookies; where the application is served by HTTPS they begin with
// __Host-, which no other host of the domain can set.
const (
	browserCookie = "browser"
	accountCookie = "account"
	deviceCookie  = "device-" // and the tenant's id
)

const (
	browserLife = 365 * 24 * time.Hour
	browserSize = 32 // bytes
	formLife    = time.Hour
)

// visit is one request, and what its browser has shown.
type visit struct {
	server  *server
	w       http.ResponseWriter
	r       *http.Request
	browser string // the browser's id; changes with each login
	client  netip.Addr
	began   time.Time
}

// visit reads the browser's id, or gives it one. A form without one was never
// ours.
func (s *server) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{server: s, w: w, r: r, client: web.ClientAddress(r, s.Proxies), began: s.Clock()}
	v.browser = v.cookie(browserCookie)
	if id, err := base64.RawURLEncoding.DecodeString(v.browser); err == nil && len(id) == browserSize {
		return v, nil
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, fault.New(fault.Forbidden, "your browser sent no cookie with the form; allow cookies for this site and begin again")
	}
	v.newBrowser()
	return v, nil
}

// newBrowser gives the browser another id: what was sealed for the one before is
// worthless from now on, and so is an id that somebody planted.
func (v *visit) newBrowser() {
	id := make([]byte, browserSize)
	_, _ = rand.Read(id) // never fails
	v.browser = base64.RawURLEncoding.EncodeToString(id)
	v.setCookie(browserCookie, v.browser, browserLife)
}

func (v *visit) ctx() context.Context { return v.r.Context() }

func (v *visit) cookieName(name string) string {
	if v.server.secure {
		return "__Host-" + name
	}
	return name
}

// cookie returns a cookie's value; "" if there is none, or several: then another
// host or path has set one, and nobody knows which is ours.
func (v *visit) cookie(name string) string {
	if found := v.r.CookiesNamed(v.cookieName(name)); len(found) == 1 {
		return found[0].Value
	}
	return ""
}

func (v *visit) setCookie(name, value string, life time.Duration) {
	v.cookieFor(name, value, int(life/time.Second))
}

func (v *visit) dropCookie(name string) { v.cookieFor(name, "", -1) }

func (v *visit) cookieFor(name, value string, seconds int) {
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // Secure wherever browsers come by HTTPS
		Name: v.cookieName(name), Value: value, Path: "/", MaxAge: seconds, Secure: v.server.secure, HttpOnly: true,
		// Lax: the authorization server sends browsers here from its own site.
		SameSite: http.SameSiteLaxMode,
	})
}

// token seals a form's value for this browser; opened reads it back.
func (v *visit) token(kind string, life time.Duration, value any) (string, error) {
	return v.server.seals.seal(kind, v.browser, life, value)
}

func (v *visit) opened(kind string, value any) error {
	return v.server.seals.open(kind, v.browser, v.r.PostFormValue("token"), value)
}

// field is a form's value without the space around it; passwords keep theirs.
func (v *visit) field(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// redirect sends the browser to a path of this application.
func (v *visit) redirect(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// leave sends the browser to the authorization server, and nowhere else: a
// redirect that leads away is a fault of ours or of its configuration.
func (v *visit) leave(to string) error {
	if !strings.HasPrefix(to, v.server.issuer) {
		return fault.New(fault.BadGateway, "the authorization server wants to send you to a place that is not its own")
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther) //nolint:gosec // looked at above
	return nil
}

// settle waits until refusals may be told: whatever was looked for and not found
// took its time in secret.
func (v *visit) settle() error {
	rest := v.server.RefusalTime - v.server.Clock().Sub(v.began)
	if rest <= 0 {
		return nil
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-v.ctx().Done():
		return v.ctx().Err()
	}
}
