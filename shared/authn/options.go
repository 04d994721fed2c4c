package authn

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Defaults of [Options], and bounds.
const (
	defaultSkew        = 30 * time.Second
	maxSkew            = 60 * time.Second
	defaultCacheTokens = 100_000
	defaultCacheBytes  = 64 << 20
	minCacheBytes      = shardCount * 32 << 10 // a few of the longest tokens in every shard
	defaultMinRefetch  = 10 * time.Second
	defaultMaxAge      = 5 * time.Minute
)

// Options says whose tokens are accepted. Zero values mean the defaults.
type Options struct {
	Issuer   string // exact value of "iss"
	Audience string // must be among "aud"
	JWKSURL  string // where the issuer publishes its keys; redirects are not followed

	Skew        time.Duration // how far the issuer's clock may be off; 30 s, at most 60 s
	CacheTokens int           // verified tokens kept at most; 100,000
	CacheBytes  int           // memory they may take together, about; 64 MiB
	MinRefetch  time.Duration // pause between fetches that unknown keys cause; 10 s
	MaxAge      time.Duration // pause between periodic fetches; 5 min

	HTTP     *http.Client // for the JWKS; one that keeps no connection open
	Now      func() time.Time
	Log      *slog.Logger
	Registry prometheus.Registerer // nil: no metrics
}

// Validate reports what an operator has to correct.
func (o *Options) Validate() error {
	var problems []error
	if o.Issuer == "" {
		problems = append(problems, errors.New("issuer is missing: the exact iss claim of accepted tokens"))
	}
	if o.Audience == "" {
		problems = append(problems, errors.New("audience is missing: the aud claim that accepted tokens carry"))
	}
	if u, err := url.Parse(o.JWKSURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		problems = append(problems, errors.New("JWKS URL must be an absolute http or https URL"))
	}
	if o.Skew < 0 || o.Skew > maxSkew {
		problems = append(problems, fmt.Errorf("skew must be between 0 and %s", maxSkew))
	}
	if o.CacheTokens < 0 {
		problems = append(problems, errors.New("number of cached tokens must not be negative"))
	}
	if o.CacheBytes != 0 && o.CacheBytes < minCacheBytes {
		problems = append(problems, fmt.Errorf("bytes of cached tokens must be at least %d", minCacheBytes))
	}
	if o.MinRefetch < 0 || o.MaxAge < 0 {
		problems = append(problems, errors.New("pauses between fetches must not be negative"))
	}
	return errors.Join(problems...)
}

// withDefaults returns o with its zero values filled in.
func (o Options) withDefaults() Options {
	setDefault(&o.Skew, defaultSkew)
	setDefault(&o.CacheTokens, defaultCacheTokens)
	setDefault(&o.CacheBytes, defaultCacheBytes)
	setDefault(&o.MinRefetch, defaultMinRefetch)
	setDefault(&o.MaxAge, defaultMaxAge)
	if o.HTTP == nil {
		// A connection would be used once in five minutes.
		o.HTTP = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
