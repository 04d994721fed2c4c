package conduct

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coditect/platform/loadtest/internal/engine"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// checkPatience is how long a target may take to be there.
const checkPatience = 5 * time.Second

// Preflight refuses a run that must not begin: a target that is not on this machine,
// unless far is meant; one that nobody listens at; keys that are refused.
func Preflight(ctx context.Context, s *scenario.Scenario, all []tenants.Tenant, far bool) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	targets := []string{s.Target.URL}
	if s.NeedsControlPlane() { // one that stands there unused may be down
		targets = append(targets, s.Target.ControlPlane)
	}
	for _, base := range targets {
		if err := CheckTarget(ctx, base, far); err != nil {
			return err
		}
	}
	for _, step := range s.Mix {
		if step.NeedsKey() {
			return checkKey(ctx, s, &all[tenants.At(0, len(all))])
		}
	}
	return nil
}

// CheckTarget refuses a target that is not on this machine, unless far is meant, and
// one that nobody listens at.
func CheckTarget(ctx context.Context, base string, far bool) error {
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return fmt.Errorf("target: %s: %w", base, err)
	}
	for _, a := range addresses {
		if !a.IsLoopback() && !far {
			return fmt.Errorf("target: %s is not on this machine (%s): load tests disturb others; --i-mean-it sends it all the same", base, a)
		}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port(u)))
	if err != nil {
		return fmt.Errorf("target: nobody answers at %s: %w", base, err)
	}
	return conn.Close()
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return "80"
}

// checkKey looks at the key's own expiry, if it has one, and asks the target once.
func checkKey(ctx context.Context, s *scenario.Scenario, t *tenants.Tenant) error {
	if until, ok := expiry(t.Key); ok && !time.Now().Before(until) {
		return fmt.Errorf("tenants: the token of %s expired at %s", t.Slug, until.Format(time.RFC3339))
	}
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	client := engine.NewFast(engine.Options{Address: net.JoinHostPort(u.Hostname(), port(u)), Timeout: checkPatience})
	defer client.Close()
	host := u.Host
	if s.Target.Domain != "" {
		host = t.Slug + "." + s.Target.Domain
	}
	status, err := client.Do(ctx, &engine.Request{Method: "GET", Path: "/v1/me", Host: host, Key: t.Key})
	switch {
	case err != nil:
		return fmt.Errorf("target: %s does not answer %s: %w", s.Target.URL, t.Slug, err)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("tenants: the key of %s is refused (%d): seed again, or name the file that belongs to this platform", t.Slug, status)
	case status != http.StatusOK:
		return fmt.Errorf("target: %s answers %s with %d to GET /v1/me", s.Target.URL, t.Slug, status)
	}
	return nil
}

// expiry is a JWT's own, read without a look at its signature: that is the
// target's affair.
func expiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	var claims struct {
		Expiry *float64 `json:"exp"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Expiry == nil {
		return time.Time{}, false
	}
	return time.Unix(int64(*claims.Expiry), 0), true
}
