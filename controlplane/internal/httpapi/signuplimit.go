package httpapi

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// SignupThrottle says how long a client has to wait before it may sign up; 0:
// not at all. An interface since the rule is a use-case's, not HTTP's.
type SignupThrottle interface {
	Admit(client netip.Addr) time.Duration
}

// signupLimit refuses sign-ups, which need no key, when there are too many of
// them: before their body is read.
type signupLimit struct {
	throttle SignupThrottle
	proxies  []netip.Prefix
	render   func(http.ResponseWriter, *http.Request, error)
}

func (l *signupLimit) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == signupPath {
			if wait := l.throttle.Admit(web.ClientAddress(r, l.proxies)); wait > 0 {
				l.render(w, r, fault.New(fault.RateLimited, "too many sign-ups at the moment; repeat the request later with the same Idempotency-Key").After(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
