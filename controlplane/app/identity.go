package app

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/httpapi"
	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/password"
	"github.com/coditect/platform/shared/run"
)

// gatehouse is everything of signing in; nil where there is no authorization
// server.
type gatehouse struct {
	flows     *hydra.Client
	hook      *hydra.Hook
	verifier  *authn.Verifier
	operators *identity.Operators
}

func newGatehouse(opts Options, db *postgres.DB, cells *cellclient.Client, stack *run.Stack) (*gatehouse, error) {
	if opts.HydraAdminURL == "" {
		return nil, nil
	}
	g := &gatehouse{flows: hydra.New(opts.HydraAdminURL)}
	stack.PushClose("hydra", g.flows.Close)
	accounts := postgres.OperatorStore{DB: db}
	g.hook = hydra.NewHook(opts.TokenHookKey, identity.Tokens{Standings: cells, Tenants: postgres.TenantStore{DB: db}, People: accounts, Machines: g.flows})
	var err error
	g.verifier, err = authn.New(authn.Options{
		Issuer: opts.Issuer, Audience: controlplane.OperatorAudience, JWKSURL: opts.JWKSURL, Now: opts.Clock, Log: opts.Log,
		CacheTokens: operatorTokens, MinRefetch: refetchKeys,
	})
	if err != nil {
		return nil, fmt.Errorf("verifier of operators' tokens: %w", err)
	}
	g.operators, err = newOperators(opts.ControlKey, db, opts.Clock)
	return g, err
}

const (
	// operatorTokens are kept verified: more than there are operators.
	operatorTokens = 4096
	// refetchKeys is short: the authorization server is near, and makes its first
	// keys when somebody first needs them.
	refetchKeys = time.Second
	// passwordsAtOnce bounds the memory that operators' logins take.
	passwordsAtOnce = 2
)

func newOperators(controlKey []byte, db *postgres.DB, clock func() time.Time) (*identity.Operators, error) {
	sealer, err := identity.NewSealer(controlKey, "operators' authenticators")
	accounts := postgres.OperatorStore{DB: db}
	return &identity.Operators{
		Accounts: accounts, Register: accounts, Passwords: password.NewHasher(password.Recommended, passwordsAtOnce), Seal: sealer, Clock: clock,
	}, err
}

// callers says who calls: with keys always, with tokens where there are any.
func (g *gatehouse) callers(opts Options, db *postgres.DB) *identity.Callers {
	c := &identity.Callers{Keys: identity.New(postgres.KeyStore{DB: db}, opts.Clock), People: postgres.OperatorStore{DB: db}, Clock: opts.Clock}
	if g != nil {
		c.Verifier = g.verifier
	}
	return c
}

// serve adds what the API has to know of signing in.
func (g *gatehouse) serve(options *httpapi.Options, opts Options) {
	if g != nil {
		options.Issuer, options.TokenHook = opts.Issuer, g.hook
	}
}

// run fetches the authorization server's keys until ctx ends.
func (g *gatehouse) run(ctx context.Context, group *errgroup.Group) {
	if g != nil {
		group.Go(func() error { return g.verifier.Run(ctx) })
	}
}
