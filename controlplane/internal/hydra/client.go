package hydra

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/shared/fault"
)

const (
	callTimeout = 5 * time.Second
	retryAfter  = 2 * time.Second
)

// Client calls Hydra's admin API. It is safe for concurrent use.
type Client struct {
	api  *api.APIClient
	http *http.Client
}

// New returns a client of the admin API at a URL, which must be reachable for us
// alone: it asks for no credential.
func New(adminURL string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // Hydra is inside
	c := &Client{http: &http.Client{Timeout: callTimeout, Transport: transport}}
	cfg := api.NewConfiguration()
	cfg.HTTPClient, cfg.Servers = c.http, api.ServerConfigurations{{URL: adminURL}}
	c.api = api.NewAPIClient(cfg)
	return c
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// failure makes a fault of what a call returned; thing is what was asked for.
func failure(err error, response *http.Response, thing string) error {
	if err == nil {
		return nil
	}
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err // the URL around it holds the challenge
	}
	if response == nil {
		return fault.Wrap(err, fault.Unavailable, "the authorization server does not answer").After(retryAfter)
	}
	switch status := response.StatusCode; {
	case status == http.StatusNotFound, status == http.StatusUnauthorized: // the latter: expired
		return fault.Wrap(err, fault.NotFound, "the %s is not known, or has expired; begin again", thing)
	case status == http.StatusConflict, status == http.StatusGone:
		return fault.Wrap(err, fault.Conflict, "the %s was used already; begin again", thing)
	case status >= http.StatusInternalServerError:
		return fault.Wrap(err, fault.Unavailable, "the authorization server cannot answer at the moment").After(retryAfter)
	}
	return fault.Wrap(err, fault.Internal, "the authorization server refuses what it was told")
}
