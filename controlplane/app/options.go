package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tracing"
)

// Options is what the control plane can be told. DefaultOptions works but for
// DatabaseURL and ControlKey, which have no default.
type Options struct {
	Listen      string // address of the API
	AdminListen string // address of health, metrics, profiles
	TLS         string // "CERT,KEY" files, for Listen; "": no TLS
	NATSURL     string
	Domain      string // the platform's own domain
	TenantURL   string // a tenant's base URL, with {slug}

	DatabaseURL   string // secret
	ControlKey    []byte // secret, 32 bytes: master of the cells' control keys
	DatabaseConns int32

	SignupsPerClient int            // a minute, from one address; 0: unlimited
	SignupsTotal     int            // a minute, together; 0: unlimited
	TrustedProxies   []netip.Prefix // whose X-Forwarded-For names the client

	CordonNewCells bool // a new cell gets no tenants until an operator lets it

	Offered     *plans.Catalogue
	KeepChanges uint64        // changes of the log that are always kept
	KeepFor     time.Duration // and those younger than this

	StripeKey           string        // secret; "": nothing is billed
	StripeWebhookSecret string        // secret
	StripeURL           string        // "": Stripe's own
	UsageInterval       time.Duration // how often usage is collected, and told

	Trace tracing.Options
	Disks []string // directories whose file systems' space is reported

	HydraAdminURL string // the authorization server's admin API; "": nobody signs in
	Issuer        string // its name in tokens, where browsers find it
	JWKSURL       string // where it publishes its keys
	TokenHookKey  string // secret: what it shows to the token hook
	SigninListen  string // address of the login application
	SigninURL     string // where browsers find it; "": there is none

	Log      *slog.Logger
	Clock    func() time.Time
	Resolver interface { // TXT records for custom domains; nil: the machine's DNS
		LookupTXT(ctx context.Context, name string) ([]string, error)
	}
	Started func(Addresses) // called once all listeners are open; may be nil
}

// Addresses says where the process listens. Signin is nil where nobody signs in.
type Addresses struct{ API, Admin, Signin net.Addr }

// ControlKeyBytes is the length of the master key.
const ControlKeyBytes = 32

// DefaultOptions returns options for one machine.
func DefaultOptions() Options {
	return Options{
		Listen: "127.0.0.1:8090", AdminListen: "127.0.0.1:8091", SigninListen: "127.0.0.1:8092", NATSURL: "nats://127.0.0.1:4222",
		Domain: "localhost", TenantURL: "http://{slug}.localhost:8080",
		SignupsPerClient: 20, SignupsTotal: 3000,
		DatabaseConns: 24, Offered: plans.Default(), UsageInterval: time.Minute, KeepChanges: 100_000, KeepFor: 24 * time.Hour,
		Trace: tracing.Defaults(),
		Log:   slog.New(slog.DiscardHandler), Clock: time.Now,
	}
}

// Validate says everything that is wrong with the options, and what to do.
func (o *Options) Validate() error {
	var errs []error
	if o.DatabaseURL == "" {
		errs = append(errs, errors.New("no database: set CONTROLPLANE_DATABASE_URL to a postgres:// URL"))
	}
	if len(o.ControlKey) != ControlKeyBytes {
		errs = append(errs, fmt.Errorf("control key: set CONTROLPLANE_CONTROL_KEY to %d bytes in hex (openssl rand -hex %d)", ControlKeyBytes, ControlKeyBytes))
	}
	if !strings.Contains(o.TenantURL, "{slug}") {
		errs = append(errs, errors.New("--tenant-url: must contain {slug}"))
	}
	for name, address := range map[string]string{"--listen": o.Listen, "--admin-listen": o.AdminListen, "--signin-listen": o.SigninListen} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			errs = append(errs, fmt.Errorf("%s: use host:port", name))
		}
	}
	if cert, key, pair := strings.Cut(o.TLS, ","); o.TLS != "" && (!pair || cert == "" || key == "") {
		errs = append(errs, errors.New("--tls: use CERT,KEY, two PEM files"))
	}
	if (o.StripeKey == "") != (o.StripeWebhookSecret == "") {
		errs = append(errs, errors.New("billing: set both CONTROLPLANE_STRIPE_KEY and CONTROLPLANE_STRIPE_WEBHOOK_SECRET, or neither"))
	}
	if together := []string{o.HydraAdminURL, o.Issuer, o.JWKSURL, o.TokenHookKey}; slices.Contains(together, "") && strings.Join(together, "") != "" {
		errs = append(errs, errors.New("signing in: set all of --hydra-admin-url, --issuer, --jwks-url and CONTROLPLANE_TOKEN_HOOK_KEY, or none"))
	}
	if o.SigninURL != "" && o.HydraAdminURL == "" {
		errs = append(errs, errors.New("--signin-url: the login application needs an authorization server; set --hydra-admin-url and what belongs to it"))
	}
	if o.SignupsPerClient < 0 || o.SignupsTotal < 0 {
		errs = append(errs, errors.New("--signups-per-client, --signups-total: use 0 (unlimited) or more"))
	}
	if err := o.Trace.Validate(); err != nil {
		errs = append(errs, err)
	}
	if o.NATSURL == "" || o.Domain == "" || o.Log == nil || o.Clock == nil || o.DatabaseConns < 4 || o.Offered == nil || o.UsageInterval <= 0 {
		errs = append(errs, errors.New("options are incomplete: begin with DefaultOptions"))
	}
	return errors.Join(errs...)
}
