package authn

import (
	"context"
	"errors"
	"time"

	"github.com/coditect/platform/shared/fault"
)

// Verifier checks tokens. It is safe for concurrent use. Keys come only while
// [Verifier.Run] runs.
type Verifier struct {
	opts    Options
	cache   *cache
	keys    *issuerKeys
	metrics *metrics
}

// New returns a verifier that knows no keys yet.
func New(opts Options) (*Verifier, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	cache, err := newCache(opts.CacheTokens, opts.CacheBytes)
	if err != nil {
		return nil, err
	}
	v := &Verifier{opts: opts, cache: cache, metrics: newMetrics()}
	v.keys = newIssuerKeys(&v.opts, v.metrics)
	if opts.Registry != nil {
		v.register(opts.Registry)
	}
	return v, nil
}

// Ready returns an error until keys were loaded once.
func (v *Verifier) Ready(context.Context) error {
	if v.keys.current.Load() == nil {
		return errNoKeys
	}
	return nil
}

// Verify returns who the token speaks for. The token is not kept, so it may be a
// view of a connection's buffer. Errors are faults: [fault.Unauthenticated] when
// the token is refused, [fault.Unavailable] when it cannot be judged because
// the issuer's keys are not known (yet). They and the identity are shared.
//
// A token that names an unknown key may wait for a fetch, at most for two
// seconds and not beyond ctx.
func (v *Verifier) Verify(ctx context.Context, token string) (*Identity, error) {
	now := v.opts.Now()
	if e := v.cache.get(token); e != nil {
		if now.Before(e.until) && !e.key.retired.Load() {
			return e.identity, nil
		}
		v.cache.drop(e)
	}
	identity, err := v.verify(ctx, token, now)
	v.metrics.count(err)
	return identity, err
}

// verify checks a token that is not cached, and caches it.
func (v *Verifier) verify(ctx context.Context, token string, now time.Time) (*Identity, error) {
	parsed, err := parseCompact(token)
	if err != nil {
		return nil, err
	}
	key, err := v.keys.find(ctx, parsed.header, now)
	if err != nil {
		return nil, err
	}
	payload, err := parsed.open(key)
	if err != nil {
		return nil, err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := claims.judge(&v.opts, now); err != nil {
		return nil, err
	}
	identity, err := claims.identity()
	if err != nil {
		return nil, err
	}
	v.cache.put(token, identity, key, claims.expires.Add(v.opts.Skew), now)
	return identity, nil
}

// isUnavailable tells our side's failures from the token's.
func isUnavailable(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == fault.Unavailable
}
