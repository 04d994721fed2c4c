package app

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/onboarding"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/signin"
	"github.com/coditect/platform/controlplane/internal/throttle"
	"github.com/coditect/platform/shared/password"
)

// product is what people call all of this.
const product = "Coditect"

// decoysAtOnce bounds the memory that checks of passwords against nothing take.
const decoysAtOnce = 4

// reception is where tenants-to-be come in: by the API, or by the login
// application.
type reception struct {
	signUps  *onboarding.Service
	throttle *throttle.Throttle
}

func newReception(opts Options, db *postgres.DB, cells *cellclient.Client, registry prometheus.Registerer) (reception, error) {
	throttled, err := newThrottle(opts)
	signups := postgres.SignupStore{DB: db}
	return reception{throttle: throttled, signUps: onboarding.New(onboarding.Options{
		Ledger: signups, Steps: signups, Cells: postgres.CellStore{DB: db}, Tenants: postgres.TenantStore{DB: db}, Residence: cells,
		Plans: controlplane.PlansOf(opts.Offered), Master: opts.ControlKey, TenantURL: opts.TenantURL, Clock: opts.Clock, Log: opts.Log,
		Metrics: onboarding.NewMetrics(registry),
	})}, err
}

func (r reception) signUp(ctx context.Context, key string, request controlplane.SignupRequest) (controlplane.Tenant, error) {
	done, err := r.signUps.SignUp(controlplane.WithActor(ctx, controlplane.Public), key, request)
	return done.Tenant, err
}

// newSignin returns the application in which people sign in; nil where nobody
// does.
func newSignin(opts Options, db *postgres.DB, cells *cellclient.Client, emails signin.Index, house *gatehouse, r reception, registry prometheus.Registerer) (http.Handler, error) {
	if opts.SigninURL == "" {
		return nil, nil
	}
	decoy := password.NewHasher(password.Recommended, decoysAtOnce)
	return signin.New(signin.Options{
		URL: opts.SigninURL, Issuer: opts.Issuer, Product: product, Secret: opts.ControlKey,
		Flows: house.flows, Logins: postgres.LoginStore{DB: db}, Cells: cells, Index: emails, Tenants: postgres.TenantStore{DB: db},
		Operator: func(ctx context.Context, email, secret, code string) (string, error) {
			who, err := house.operators.Verify(ctx, controlplane.OperatorLogin{Email: email, Password: secret, Code: code})
			return who.Subject(), err
		},
		SignUp: r.signUp,
		// One that finds no place fails early, and so would a check in the cell.
		Decoy:   func(ctx context.Context, secret string) { _ = decoy.Waste(ctx, secret) },
		Signups: r.throttle, Proxies: opts.TrustedProxies, RefusalTime: signin.DefaultRefusalTime, Clock: opts.Clock, Log: opts.Log, Registry: registry,
	})
}

// newThrottle lets one client use a minute's sign-ups at once, and all together
// ten seconds' worth.
func newThrottle(opts Options) (*throttle.Throttle, error) {
	client := throttle.Rate{PerMinute: opts.SignupsPerClient, Burst: opts.SignupsPerClient}
	total := throttle.Rate{PerMinute: opts.SignupsTotal, Burst: max(1, opts.SignupsTotal/6)}
	return throttle.New(client, total, opts.Clock)
}
