package stripe

import (
	"errors"
	"net/http"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/coditect/platform/shared/fault"
)

// Options says which Stripe to speak to.
type Options struct {
	Key string // secret
	URL string // "": Stripe's own
}

// Client calls Stripe. It is safe for concurrent use.
type Client struct {
	api  *client.API
	http *http.Client
}

const (
	callTimeout = 20 * time.Second
	retryAfter  = 5 * time.Second
	retries     = 2 // of the library's own, under one idempotency key
	listPage    = 100
)

// New returns a client.
func New(opts Options) *Client {
	c := &Client{http: &http.Client{Timeout: callTimeout, Transport: http.DefaultTransport.(*http.Transport).Clone()}}
	config := &stripego.BackendConfig{
		HTTPClient: c.http, MaxNetworkRetries: stripego.Int64(retries), EnableTelemetry: stripego.Bool(false),
		LeveledLogger: &stripego.LeveledLogger{Level: stripego.LevelNull},
	}
	if opts.URL != "" {
		config.URL = stripego.String(opts.URL)
	}
	backend := stripego.GetBackendWithConfig(stripego.APIBackend, config)
	c.api = client.New(opts.Key, &stripego.Backends{API: backend, Connect: backend, Uploads: backend})
	return c
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// translate makes a fault of what went wrong. Its cause names Stripe's code and
// message, but for a refused key: what is said of that stays here.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var said *stripego.Error
	if !errors.As(err, &said) {
		return fault.Wrap(errors.New("no answer"), fault.Unavailable, "the payment provider did not answer").After(retryAfter)
	}
	cause := errors.New(string(said.Code) + ": " + said.Msg)
	switch status := said.HTTPStatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fault.Wrap(errors.New("the API key is not accepted"), fault.Unavailable, "the payment provider does not let this platform in").After(retryAfter)
	case status == http.StatusNotFound || said.Code == stripego.ErrorCodeResourceMissing:
		return fault.Wrap(cause, fault.NotFound, "the payment provider has no such thing")
	case status == http.StatusPaymentRequired:
		return fault.Wrap(cause, fault.Conflict, "the payment was declined; another means of payment can be given in the portal")
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return fault.Wrap(cause, fault.Unavailable, "the payment provider is busy").After(retryAfter)
	case status == http.StatusConflict:
		return fault.Wrap(cause, fault.Conflict, "the payment provider is at work on the same thing; try again").After(retryAfter)
	}
	return fault.Wrap(cause, fault.Internal, "the payment provider refused what was asked")
}

// timeOf reads Stripe's seconds; 0 is the zero time.
func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func ptr[T any](v T) *T { return &v }
