package app

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/tracing"
)

// Options is everything a router is told. [Defaults] has values that work on one
// machine, save for the secrets.
type Options struct {
	Listen, AdminListen string
	Region              string
	Domain, APIHost     string // tenants answer at {slug}.Domain; API keys of all tenants at APIHost
	DirectoryURL        string
	NATSURL             string
	Snapshot            string        // file; rewritten after SnapshotInterval at the soonest, and at the end
	Cache               CacheMode     // which tenants are kept
	CacheMiB            int           // LRU mode: memory for tenants
	NegativeTTL         time.Duration // how long "no such tenant" is believed
	RequestTimeout      time.Duration
	Policy              string        // file with the rules for routes and versions; empty: the built-in ones
	Plans               string        // file with what is offered (package plans), for the plans' limits; empty: the built-in one
	JWKSURL             string        // keys of the access tokens' issuer; empty: access tokens are refused
	Issuer, Audience    string        // that access tokens must name
	JWKSMaxAge          time.Duration // pause between looks at the keys, give or take a tenth
	ReusePort           bool          // several routers may listen on one address: for restarts without a gap
	TLS                 []string      // "CERT,KEY" files; empty: no TLS
	Trusted             []string      // networks of load balancers, whose word on clients' addresses counts
	ProxyProtocol       bool          // connections from Trusted begin with a PROXY protocol header, version 2
	MaxConns            int           // of clients
	MaxConnsPerClient   int           // of one address; 0: no limit
	RedisURL            string        // the edge's Redis, through which routers share limits; empty: each counts alone
	SnapshotInterval    time.Duration
	StartGrace          time.Duration
	DrainDelay          time.Duration // unready, but still accepting, before shutdown: time for load balancers to see it
	ShutdownTimeout     time.Duration
	AccessLog           bool
	LogLevel            string
	Trace               tracing.Options
	Disks               []string // directories whose file systems' space is reported
	TuneGC              bool     // let the heap grow as if the resident directory were not there

	EdgeKey        string // secret: hex, 32 bytes
	DirectoryToken string // secret: API key of role router
}

// CacheMode says which tenants a router keeps in memory.
type CacheMode string

// The modes of a cache.
const (
	CacheFull CacheMode = "full" // the whole directory, from snapshot and feed
	CacheLRU  CacheMode = "lru"  // those in use, looked up when asked for
)

// Defaults returns options for one machine.
func Defaults() Options {
	return Options{
		Listen: "127.0.0.1:8080", AdminListen: "127.0.0.1:9080", Region: "local", Domain: "localhost",
		DirectoryURL: "http://127.0.0.1:8090", NATSURL: "nats://127.0.0.1:4222",
		Snapshot: filepath.Join(".local", "router", "directory.snapshot"), Cache: CacheFull, CacheMiB: 128,
		NegativeTTL: 2 * time.Second, JWKSMaxAge: 5 * time.Minute, RequestTimeout: 30 * time.Second, SnapshotInterval: 10 * time.Second,
		MaxConns: 19_000, StartGrace: 5 * time.Second, ShutdownTimeout: 20 * time.Second, AccessLog: true, LogLevel: "info",
		Trace: tracing.Defaults(),
	}
}

// Validate reports everything that is wrong, by the flag's name.
func (o *Options) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.APIHost == "" {
		o.APIHost = "api." + o.Domain
	}
	if o.Domain == "" || strings.ToLower(o.Domain) != o.Domain || strings.HasPrefix(o.Domain, ".") {
		bad("--domain %q: want a lower-case host name without a leading dot", o.Domain)
	}
	if _, err := tenancy.ParseDomain(o.APIHost); err != nil && !strings.HasSuffix(o.APIHost, ".localhost") {
		bad("--api-host %q: want a host name", o.APIHost)
	}
	if u, err := url.Parse(o.DirectoryURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		bad("--directory-url: want http://host:port")
	}
	if o.Cache != CacheFull && o.Cache != CacheLRU {
		bad("--cache %q: want full or lru", o.Cache)
	}
	if o.CacheMiB < 1 {
		bad("--cache-mib %d: want at least 1", o.CacheMiB)
	}
	if o.RequestTimeout <= 0 || o.ShutdownTimeout <= 0 || o.SnapshotInterval <= 0 || o.JWKSMaxAge <= 0 {
		bad("time-outs and intervals must be positive")
	}
	if o.JWKSURL != "" && (o.Issuer == "" || o.Audience == "") {
		bad("--jwks-url needs --issuer and --audience, which every access token must name")
	}
	if err := o.Trace.Validate(); err != nil {
		bad("%w", err)
	}
	if _, err := o.certificates(); err != nil {
		bad("--tls: %w", err)
	}
	if _, err := o.trusted(); err != nil {
		bad("--trusted: %w", err)
	}
	if key, err := hex.DecodeString(o.EdgeKey); err != nil || len(key) != 32 {
		bad("ROUTER_EDGE_KEY: want 64 hex digits, the master key of the cells' edge keys")
	}
	if o.DirectoryToken == "" {
		bad("ROUTER_DIRECTORY_TOKEN: want an API key of role router (controlplane key ensure --role router)")
	}
	return errors.Join(errs...)
}

func (o *Options) certificates() (pairs []listen.Pair, err error) {
	for _, pair := range o.TLS {
		cert, key, ok := strings.Cut(pair, ",")
		if !ok || cert == "" || key == "" {
			return nil, fmt.Errorf("%q: want CERT,KEY, two PEM files", pair)
		}
		pairs = append(pairs, listen.Pair{CertFile: cert, KeyFile: key})
	}
	return pairs, nil
}

func (o *Options) trusted() (networks []netip.Prefix, err error) {
	for _, text := range o.Trusted {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q: want a network such as 10.0.0.0/8", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}
