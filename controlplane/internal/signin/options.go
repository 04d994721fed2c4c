package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/throttle"
)

// Options is what the application works with; everything is required unless it
// says otherwise.
type Options struct {
	URL     string // where browsers find it: scheme, host, port
	Issuer  string // the authorization server's base URL, as browsers find it
	Product string // what the pages call the whole
	Secret  []byte // what browsers keep is sealed under keys derived from it

	Flows   Flows
	Logins  Logins
	Cells   Cells
	Index   Index
	Tenants Tenants
	// Operator checks one of the platform's own people and returns who it is; a
	// refusal is a fault (unauthenticated), whatever was wrong. nil: operators
	// cannot sign in here.
	Operator func(ctx context.Context, email, password, code string) (subject string, err error)
	// SignUp makes a tenant; a repetition with the same key is the same tenant.
	SignUp func(ctx context.Context, key string, r controlplane.SignupRequest) (controlplane.Tenant, error)
	// Decoy works as long as the check of a password, for nothing.
	Decoy func(ctx context.Context, password string)

	Signups     Throttle       // the one of the API
	Proxies     []netip.Prefix // whose X-Forwarded-For is believed; may be empty
	RefusalTime time.Duration  // no refusal is told sooner
	Clock       func() time.Time
	Log         *slog.Logger
	Registry    prometheus.Registerer
}

// DefaultRefusalTime is longer than the passwords of several tenants take.
const DefaultRefusalTime = 500 * time.Millisecond

// server is the application.
type server struct {
	Options
	seals   *sealer
	limits  *limits
	pages   *pages
	metrics *metrics
	secure  bool   // browsers reach it by HTTPS
	issuer  string // with a slash at its end
	party   controlplane.RelyingParty
}

// New returns the application's handler.
func New(opts Options) (http.Handler, error) {
	at, err := url.Parse(opts.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.Path != "" {
		return nil, fmt.Errorf("signin: %q is not scheme, host and port", opts.URL)
	}
	if opts.Issuer == "" || len(opts.Secret) == 0 {
		return nil, errors.New("signin: options are incomplete")
	}
	seals, err := newSealer(opts.Secret, opts.Clock)
	if err != nil {
		return nil, err
	}
	limits, err := newLimits(opts)
	if err != nil {
		return nil, err
	}
	pages, err := newPages(opts.Product)
	if err != nil {
		return nil, err
	}
	s := &server{
		Options: opts, seals: seals, limits: limits, pages: pages, metrics: newMetrics(opts.Registry), secure: at.Scheme == "https",
		issuer: strings.TrimSuffix(opts.Issuer, "/") + "/",
		party:  controlplane.RelyingParty{ID: at.Hostname(), Name: opts.Product, Origin: opts.URL},
	}
	return s.handler(), nil
}

// The limits that nobody tunes. A person tries a few times a minute; an address
// may be a whole office.
var (
	perClient  = throttle.Rate{PerMinute: 60, Burst: 30}
	perAccount = throttle.Rate{PerMinute: 10, Burst: 10}
	perMail    = throttle.Rate{PerMinute: 1, Burst: 3} // mails to one address
)
