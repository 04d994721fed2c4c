package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// handler answers a visit. An error becomes a page.
type handler func(*visit) error

// maxForm bounds a form's body, in bytes: an answer of a passkey is the largest.
const maxForm = 64 << 10

// handler is the route table and the chain.
func (s *server) handler() http.Handler {
	router := mux.NewRouter()
	for _, route := range []struct {
		method, path string
		do           handler
	}{
		{"GET", "/", s.home},
		{"GET", "/signup", s.showSignUp},
		{"POST", "/signup", s.signUp},

		{"GET", "/login", s.beginLogin},
		{"POST", "/login", s.login},
		{"POST", "/login/tenant", s.chooseTenant},
		{"POST", "/login/method", s.chooseMethod},
		{"POST", "/login/totp", s.checkTOTP},
		{"POST", "/login/recovery", s.checkRecoveryCode},
		{"POST", "/login/passkey", s.checkPasskey},
		{"POST", "/login/operator", s.loginOperator},
		{"GET", "/t/{slug}", s.loginAt},

		{"GET", "/consent", s.askConsent},
		{"POST", "/consent", s.consent},
		{"GET", "/logout", s.askLogout},
		{"POST", "/logout", s.logout},
		{"GET", "/signed-out", s.signedOut},
		{"GET", "/error", s.showForeignError},

		{"GET", "/password/forgot", s.showForgot},
		{"POST", "/password/forgot", s.forgot},
		{"GET", "/password/reset", s.showReset},
		{"POST", "/password/reset", s.reset},
		{"GET", "/verify", s.showVerify},
		{"POST", "/verify", s.verifyEmail},
		{"GET", "/invitation", s.showInvitation},
		{"POST", "/invitation", s.acceptInvitation},

		{"GET", "/account", s.account},
		{"POST", "/account/password", s.changePassword},
		{"POST", "/account/totp", s.beginTOTP},
		{"POST", "/account/totp/confirm", s.confirmTOTP},
		{"POST", "/account/totp/remove", s.removeTOTP},
		{"POST", "/account/recovery-codes", s.newRecoveryCodes},
		{"POST", "/account/passkeys", s.beginPasskey},
		{"POST", "/account/passkeys/confirm", s.confirmPasskey},
		{"POST", "/account/passkeys/remove", s.removePasskey},
		{"POST", "/account/devices/forget", s.forgetDevice},
		{"POST", "/account/sessions/end", s.endSession},
		{"POST", "/account/sessions/end-all", s.endAllSessions},
		{"POST", "/account/applications/withdraw", s.withdraw},
	} {
		router.Handle(route.path, s.page(route.do)).Methods(route.method)
	}
	router.PathPrefix("/static/").Handler(http.HandlerFunc(s.pages.serveStatic)).Methods("GET")

	chain := web.New(web.Options{
		Component: "controlplane_signin", Log: s.Log, Registry: s.Registry, MaxBody: maxForm,
		Validate: func(next http.Handler) http.Handler { return protect(s.sameSite(next)) },
	}).Handler(router)
	router.NotFoundHandler = s.page(func(*visit) error { return fault.New(fault.NotFound, "there is no such page") })
	return chain
}

// page adapts a handler.
func (s *server) page(do handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visit(w, r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if err := r.ParseForm(); err != nil {
			var long *http.MaxBytesError
			if errors.As(err, &long) {
				err = fault.New(fault.TooLarge, "the form is too large")
			} else {
				err = fault.Wrap(err, fault.Malformed, "the form cannot be read")
			}
			s.fail(w, r, err)
			return
		}
		if err := do(v); err != nil {
			s.fail(w, r, err)
		}
	})
}

// sameSite refuses forms that another site sends: what browsers say of a request
// (Sec-Fetch-Site, Origin) decides, before its token does.
func (s *server) sameSite(next http.Handler) http.Handler {
	check := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check.Check(r); err != nil {
			s.fail(w, r, fault.Wrap(err, fault.Forbidden, "this form was sent from another site"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// policy lets a page load our style and pictures, and nothing else. It names no
// form-action: browsers hold every redirect that follows a form against it, and
// those lead through applications that nobody can list.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// scriptPolicy is that of the pages for passkeys.
const scriptPolicy = policy + "; script-src 'self'"

// protect sets what every answer carries.
func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		// Codes stand in addresses of links in mails; no other site learns them.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// fail shows an error's public message. Causes of our own faults go to the log.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // nobody is there to see it
	}
	problem := fault.ProblemOf(err, web.RequestID(r.Context()))
	if problem.Status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "page failed", "request_id", problem.RequestID, "method", r.Method, "path", r.URL.Path, "code", problem.Code, "err", err)
	}
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		w.Header().Set("Retry-After", fault.RetryAfterSeconds(f.RetryAfter))
	}
	if f != nil && f.Code == fault.RateLimited {
		s.metrics.login(outcomeLimited)
	}
	s.pages.render(w, problem.Status, "message", page{
		Title: titleOf(problem.Status), Body: message{Text: sentence(problem.Detail), Reference: problem.RequestID},
	})
}

func titleOf(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "Slow down"
	case status == http.StatusNotFound, status == http.StatusGone:
		return "Nothing here"
	case status >= http.StatusInternalServerError:
		return "This did not work"
	}
	return "This is not possible"
}
