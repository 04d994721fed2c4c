package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/redis/go-redis/v9/logging"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/tenancy"
)

// edge are the parts that decide over a request beside the directory.
type edge struct {
	policy  *policyFile
	tokens  *authn.Verifier // nil: access tokens are refused
	limiter *limiter.Limiter
	hold    *hold.Hold
	closers []func() error
}

func (r *router) buildEdge() (err error) {
	o := &r.opts
	if r.policy, err = newPolicyFile(o.Policy, o.Plans); err != nil {
		return err
	}
	if o.JWKSURL != "" {
		r.tokens, err = authn.New(authn.Options{
			Issuer: o.Issuer, Audience: o.Audience, JWKSURL: o.JWKSURL, HTTP: &http.Client{Transport: newKeyFile(o.Snapshot + ".jwks")},
			MaxAge: o.JWKSMaxAge, Log: r.log, Registry: r.admin.Registry,
		})
		if err != nil {
			return err
		}
	}
	r.hold = hold.New(hold.Options{Registry: r.admin.Registry})
	return r.buildLimiter()
}

// limitedKeys is how many pairs of tenant and route class a router counts at
// once; a tenant that has been quiet for a while needs none.
const limitedKeys = 100_000

func (r *router) buildLimiter() (err error) {
	opts := limiter.Options{MaxKeys: limitedKeys, Log: r.log, Registry: r.admin.Registry}
	if r.opts.RedisURL != "" {
		logging.Disable() // go-redis would print every failed dial; the limiter says once that Redis is away
		client, err := limiter.Connect(r.opts.RedisURL)
		if err != nil {
			return err
		}
		opts.Redis = client
		r.closers = append(r.closers, client.Close)
	}
	r.limiter, err = limiter.New(opts)
	return err
}

// listen opens the tenants' listener.
func (r *router) listen() (net.Listener, error) {
	o := &r.opts
	pairs, err := o.certificates()
	if err != nil {
		return nil, err
	}
	networks, err := o.trusted()
	if err != nil {
		return nil, err
	}
	listener, err := listen.Listen(listen.Options{
		Addr: o.Listen, ReusePort: o.ReusePort, Trusted: networks, ProxyProtocol: o.ProxyProtocol, Certificates: pairs,
		MaxConns: o.MaxConns, MaxConnsPerAddr: o.MaxConnsPerClient, Log: r.log, Registry: r.admin.Registry,
	})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; free the address or choose another with --listen", o.Listen, err)
	}
	return listener, nil
}

// runEdge runs what the parts do in the background.
func (r *router) runEdge(ctx context.Context, tasks *errgroup.Group) {
	tasks.Go(func() error { return r.watchPolicy(ctx) })
	tasks.Go(func() error { return r.limiter.Run(ctx) })
	tasks.Go(func() error { return r.runHeldReports(ctx) })
	if r.tokens != nil {
		tasks.Go(func() error { return r.tokens.Run(ctx) })
	}
}

func (r *router) closeEdge() error {
	var errs []error
	for _, closer := range r.closers {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// tenantChanged wakes requests that wait for news of the tenant.
func (r *router) tenantChanged(id tenancy.ID, version, epoch uint64) {
	r.hold.Notify(id, hold.Position{Version: version, Epoch: epoch})
}
