package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/coditect/platform/shared/password"
	"github.com/coditect/platform/shared/tracing"
)

// APIOptions is what `cell api` can be told. DefaultAPIOptions works but for
// Cell, Region, the URLs of the databases and the keys.
type APIOptions struct {
	Cell, Region, Tier string
	Listen             string // tenant-facing; the router's requests
	InternalListen     string // the control plane's requests
	AdminListen        string // health, metrics, profiles
	TLS                string // "CERT,KEY" files, for Listen and InternalListen; "": no TLS
	Advertise          string // base URL at which routers reach Listen; "": as it listens
	AdvertiseInternal  string // likewise for the control plane
	ControlplaneURL    string // "": the cell registers nowhere
	CapacityTenants    int
	RetainedLog        int64  // bytes of its log that the database may keep for one leaving tenant
	BlobURL            string // object storage: file:///directory, gs://, s3://; what `cell worker` has
	Egress             EgressOptions
	Observe            ObserveOptions

	DatabaseURL       string // secret; role cell_app, may lead through PgBouncer
	MoverDatabaseURL  string // secret; role cell_mover, direct
	RedisURL          string // secret; "": every answer comes from the database
	EdgeKey           []byte // secret; 32 bytes
	ControlKey        []byte // secret; 32 bytes
	ControlplaneToken string // secret
	DatabaseConns     int32
	RedisTimeout      time.Duration // of what a request waits for; 0: rediscache's own
	PasswordCost      password.Cost // of hashing one

	Log     *slog.Logger
	Clock   func() time.Time
	Started func(APIAddresses) // called once every listener is open; may be nil
}

// APIAddresses says where the process listens.
type APIAddresses struct{ API, Internal, Admin net.Addr }

// defaultBlobURL is for one machine.
const defaultBlobURL = "file:///tmp/cell-files?create_dir=true"

// KeyBytes is the length of the edge key and of the control key.
const KeyBytes = 32

// DefaultAPIOptions returns options for one machine.
func DefaultAPIOptions() APIOptions {
	return APIOptions{
		Tier: "standard", Listen: "127.0.0.1:9100", InternalListen: "127.0.0.1:9101", AdminListen: "127.0.0.1:9102",
		CapacityTenants: 10_000, BlobURL: defaultBlobURL, DatabaseConns: 64, RetainedLog: 4 << 30, PasswordCost: password.Recommended, Log: slog.New(slog.DiscardHandler), Clock: time.Now,
		Observe: ObserveOptions{Trace: tracing.Defaults()},
	}
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,38}[a-z0-9]$`)

// Validate says everything that is wrong with the options, and what to do.
func (o *APIOptions) Validate() error {
	c := &complaints{}
	o.Egress.check(c)
	o.Observe.check(c)
	for flag, name := range map[string]string{"--cell": o.Cell, "--region": o.Region, "--tier": o.Tier} {
		c.unless(validName.MatchString(name), "%s: use 2 to 40 of a-z, 0-9 and hyphens, beginning with a letter", flag)
	}
	c.address("--listen", o.Listen)
	c.address("--internal-listen", o.InternalListen)
	c.address("--admin-listen", o.AdminListen)
	cert, key, pair := strings.Cut(o.TLS, ",")
	c.unless(o.TLS == "" || pair && cert != "" && key != "", "--tls: use CERT,KEY, two PEM files")
	c.baseURL("--advertise", o.Advertise)
	c.baseURL("--advertise-internal", o.AdvertiseInternal)
	c.baseURL("--controlplane-url", o.ControlplaneURL)
	c.unless(o.CapacityTenants > 0, "--capacity-tenants: use a number above 0")
	c.unless(o.RetainedLog > 0, "--retained-log: use a number of bytes above 0, below the server's max_slot_wal_keep_size")
	c.secret("CELL_DATABASE_URL", o.DatabaseURL, "the postgres:// URL of the role cell_app")
	c.secret("CELL_MOVER_DATABASE_URL", o.MoverDatabaseURL, "the postgres:// URL of the role cell_mover, not through PgBouncer")
	c.unless(len(o.EdgeKey) == KeyBytes, "CELL_EDGE_KEY: set it to %d bytes in hex, derived from the routers' master key for this cell", KeyBytes)
	c.unless(len(o.ControlKey) == KeyBytes, "CELL_CONTROL_KEY: set it to %d bytes in hex, derived from the control plane's master key for this cell", KeyBytes)
	c.unless(o.ControlplaneURL == "" || o.ControlplaneToken != "", "CELL_CONTROLPLANE_TOKEN: set it to an API key with the role cell")
	c.unless(o.BlobURL != "", "--blob-url: set it to the URL of a bucket, such as file:///var/lib/cell?create_dir=true")
	c.unless(o.Log != nil && o.Clock != nil && o.DatabaseConns > 0, "options are incomplete: begin with DefaultAPIOptions")
	return c.err()
}

// complaints collects what is wrong with options.
type complaints struct{ errs []error }

func (c *complaints) err() error { return errors.Join(c.errs...) }

func (c *complaints) unless(ok bool, format string, args ...any) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

func (c *complaints) address(flag, address string) {
	_, _, err := net.SplitHostPort(address)
	c.unless(err == nil, "%s: use host:port", flag)
}

func (c *complaints) secret(name, value, what string) {
	c.unless(value != "", "%s: set it to %s", name, what)
}

// baseURL accepts an empty URL: the option is optional.
func (c *complaints) baseURL(flag, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && (u.Path == "" || u.Path == "/") && u.User == nil
	c.unless(ok, "%s: use http://host:port without a path", flag)
}
