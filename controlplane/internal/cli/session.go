package cli

import (
	"github.com/coditect/platform/controlplane/api"
)

// session is a command's connection to its control plane.
type session struct {
	target target
	*api.Client
	streams *api.Client // without a time limit on whole requests
}

// connect prepares a session. Nothing is sent before the first request.
func (p *program) connect() (*session, error) {
	t, err := p.target()
	if err != nil {
		return nil, err
	}
	if t.Key != "" {
		if err := checkKey(t.Key); err != nil {
			return nil, doing(err, "the key of this context")
		}
	}
	s, as := &session{target: t}, p.bearerOf(t)
	s.Client, err = api.NewClient(t.Server, api.WithHTTPClient(newTransport(t, as, p.opts.Version.Version, p.flags.requestTimeout)))
	if err != nil {
		return nil, err
	}
	s.streams, err = api.NewClient(t.Server, api.WithHTTPClient(newTransport(t, as, p.opts.Version.Version, 0)))
	return s, err
}
