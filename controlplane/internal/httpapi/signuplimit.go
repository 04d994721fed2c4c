package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/coditect/platform/shared/fault"
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
			if wait := l.throttle.Admit(clientAddress(r, l.proxies)); wait > 0 {
				l.render(w, r, fault.New(fault.RateLimited, "too many sign-ups at the moment; repeat the request later with the same Idempotency-Key").After(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// clientAddress returns the address of whoever reached the outermost trusted
// proxy: what stands left of it in X-Forwarded-For anybody can write.
func clientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address for none
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !trusted(client, proxies) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		client = before.Unmap()
	}
	return client
}

func trusted(addr netip.Addr, proxies []netip.Prefix) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
