package app

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/coditect/platform/cell/internal/egress"
)

// EgressOptions says what webhooks may reach besides https on the public
// internet: for tests and the local platform.
type EgressOptions struct {
	Allow []string // networks such as 127.0.0.0/8, on every port
	HTTP  bool     // http as well as https
}

func (o EgressOptions) check(c *complaints) {
	for _, text := range o.Allow {
		_, err := netip.ParsePrefix(text)
		c.unless(err == nil, "--egress-allow: %q is not a network such as 127.0.0.0/8", text)
	}
}

// options are those of networks that check has passed.
func (o EgressOptions) options() egress.Options {
	opts := egress.Options{HTTP: o.HTTP}
	for _, text := range o.Allow {
		if network, err := netip.ParsePrefix(text); err == nil {
			opts.Allow = append(opts.Allow, network.Masked())
		}
	}
	return opts
}

// sender lets package webhooks send by the guard.
type sender struct{ guard *egress.Guard }

// Send implements webhooks.Sender.
func (s sender) Send(ctx context.Context, url string, header http.Header, body []byte) (status int, response []byte, problem string) {
	answer, err := s.guard.Post(ctx, url, header, body)
	if err != nil {
		return 0, nil, egress.Explain(err)
	}
	return answer.Status, answer.Body, ""
}
