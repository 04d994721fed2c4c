package app

import (
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/coditect/platform/cell/internal/amqp"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/shared/tracing"
)

// WorkerOptions is what `cell worker` can be told. DefaultWorkerOptions works
// but for Cell and the URLs of databases and broker.
type WorkerOptions struct {
	Cell        string
	AdminListen string // health, metrics, profiles
	SMTP        string // host:port of the mail server
	MailFrom    string
	Domain      string // the platform's own domain
	TenantURL   string // a tenant's base URL, with {slug}
	SigninURL   string // base URL of the pages where users sign in
	Concurrency int    // jobs at once, in each lane
	Egress      EgressOptions
	Observe     ObserveOptions
	BlobURL     string // object storage: file:///directory, gs://, s3://; what `cell api` has

	DatabaseURL      string // secret; role cell_app, may lead through PgBouncer
	RelayDatabaseURL string // secret; role cell_relay, direct
	AMQPURL          string // secret
	RedisURL         string // secret; what `cell api` has
	DatabaseConns    int32  // jobs use connections for short moments only, and share them

	Poll         time.Duration // how often due jobs are looked for without a notification
	QueuedLimit  time.Duration // a job queued for longer counts as lost by the broker
	RunningLimit time.Duration // a running job that gives no sign of life for longer counts as lost by its worker
	JobTimeout   time.Duration // of one attempt, unless its kind has another
	FirstRetry   time.Duration // pause after the first failed attempt; it doubles
	LongestRetry time.Duration

	Kinds   []jobs.Kind // kinds of jobs besides those of the table in kinds.go
	Log     *slog.Logger
	Started func(admin net.Addr) // called once the listener is open; may be nil
}

// DefaultWorkerOptions returns options for one machine.
func DefaultWorkerOptions() WorkerOptions {
	return WorkerOptions{
		AdminListen: "127.0.0.1:9103", SMTP: "127.0.0.1:25", MailFrom: "no-reply@localhost", Domain: "localhost",
		TenantURL: "http://{slug}.localhost:8080", SigninURL: "http://login.localhost:8092", Concurrency: 32, BlobURL: defaultBlobURL, DatabaseConns: 16, Poll: time.Second, QueuedLimit: time.Minute, RunningLimit: time.Minute,
		JobTimeout: time.Minute, FirstRetry: 2 * time.Second, LongestRetry: 10 * time.Minute, Log: slog.New(slog.DiscardHandler),
		Observe: ObserveOptions{Trace: tracing.Defaults()},
	}
}

// Validate says everything that is wrong with the options, and what to do.
func (o *WorkerOptions) Validate() error {
	c := &complaints{}
	o.Egress.check(c)
	o.Observe.check(c)
	c.unless(validName.MatchString(o.Cell), "--cell: use 2 to 40 of a-z, 0-9 and hyphens, beginning with a letter")
	c.address("--admin-listen", o.AdminListen)
	c.address("--smtp", o.SMTP)
	c.unless(o.Domain != "", "--domain: set the platform's own domain")
	c.unless(strings.Contains(o.TenantURL, "{slug}"), "--tenant-url: must contain {slug}")
	c.unless(o.SigninURL != "", "--signin-url: set it to the URL of the pages where users sign in")
	c.baseURL("--signin-url", o.SigninURL)
	c.unless(o.Concurrency > 0 && o.DatabaseConns > 0, "--concurrency, --database-conns: use numbers above 0")
	c.unless(o.BlobURL != "", "--blob-url: set it to the URL of a bucket, such as file:///var/lib/cell?create_dir=true")
	c.secret("CELL_DATABASE_URL", o.DatabaseURL, "the postgres:// URL of the role cell_app")
	c.secret("CELL_RELAY_DATABASE_URL", o.RelayDatabaseURL, "the postgres:// URL of the role cell_relay, not through PgBouncer")
	c.secret("CELL_AMQP_URL", o.AMQPURL, "the amqp:// URL of the cell's vhost")
	c.unless(o.AMQPURL == "" || amqp.ValidURL(o.AMQPURL), "CELL_AMQP_URL: it is no amqp:// URL")
	c.unless(o.Log != nil && min(o.Poll, o.QueuedLimit, o.RunningLimit, o.JobTimeout, o.FirstRetry, o.LongestRetry) > 0, "options are incomplete: begin with DefaultWorkerOptions")
	return c.err()
}
