package cli

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/fault"
)

// transport sends the generated client's requests. It is the only place that
// handles the key; it gives each request an id that a person can quote even if
// no answer comes.
type transport struct {
	http   *http.Client
	target target
	bearer bearer
	agent  string
}

// bearer returns what a request is sent with; "": nothing.
type bearer func(ctx context.Context) (string, error)

// newTransport returns a transport whose requests may take up to limit, answer
// included; 0 is without end, for streams.
func newTransport(t target, b bearer, version string, limit time.Duration) *transport {
	return &transport{target: t, bearer: b, agent: "cellctl/" + version, http: &http.Client{
		Timeout: limit,
		// An API does not redirect; whoever does must not get what we send.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do implements the generated client's HttpRequestDoer.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	id := uuid.Must(uuid.NewV7()).String()
	req.Header.Set("X-Request-Id", id)
	req.Header.Set("User-Agent", t.agent)
	credential, err := t.bearer(req.Context())
	if err != nil {
		return nil, err
	}
	if credential != "" {
		req.Header.Set("Authorization", "Bearer "+credential)
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return nil, t.noAnswer(err, id)
	}
	if resp.Header.Get("X-Request-Id") == "" {
		resp.Header.Set("X-Request-Id", id)
	}
	return resp, nil
}

// noAnswer says why there is none. The *url.Error around the cause is left out:
// it repeats the whole URL.
func (t *transport) noAnswer(err error, id string) *failure {
	var dial *net.OpError
	f := &failure{exit: ExitFailed, requestID: id, cause: err}
	switch timedOut, ok := errors.AsType[net.Error](err); {
	case errors.Is(err, context.Canceled):
		f.what = "interrupted"
	case errors.As(err, &dial) && dial.Op == "dial":
		f.what, f.requestID, f.unsent = "cannot reach the control plane at "+t.target.Server+": "+dial.Err.Error(), "", true
		f.hint = t.reachHint()
	case ok && timedOut.Timeout():
		f.what, f.code = "no answer from "+t.target.Server+" in time", fault.Timeout
		f.hint = "give it longer with --request-timeout; a request that changes something may still have been carried out"
	default:
		f.what = "no answer from " + t.target.Server + ": " + innermost(err).Error()
		f.hint = t.reachHint()
	}
	return f
}

func (t *transport) reachHint() string {
	switch t.target.name {
	case localName:
		return "is the platform running? 'make status' shows it, 'make up' starts it"
	case "":
		return "check the URL after --server"
	}
	return "check the server of this context: cellctl context show " + t.target.name
}

func innermost(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
