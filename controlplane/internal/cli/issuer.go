package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/coditect/platform/controlplane/api"
)

// issuer is the authorization server that a control plane's operators sign in
// at, as both describe it.
type issuer struct {
	api.IdentityServer
	Authorization string
	Token         string
	Revocation    string
}

// issuerOf asks a control plane for its authorization server, and that one for
// its addresses.
func (p *program) issuerOf(ctx context.Context, t target) (*issuer, error) {
	nobody := func(context.Context) (string, error) { return "", nil }
	client, err := api.NewClient(t.Server, api.WithHTTPClient(newTransport(t, nobody, p.opts.Version.Version, p.flags.requestTimeout)))
	if err != nil {
		return nil, err
	}
	found, err := answer[api.IdentityServer](client.GetIdentity(ctx))
	if err != nil {
		return nil, doing(err, "ask where operators sign in")
	}
	i := &issuer{IdentityServer: found}
	return i, doing(p.discover(ctx, i, t.AllowHTTP), "ask %s how to sign in", found.Issuer)
}

// maxDiscovery bounds the document, in bytes.
const maxDiscovery = 256 << 10

// discover reads OpenID Connect's document of the server (OpenID Connect
// Discovery §4), which must be of that server.
func (p *program) discover(ctx context.Context, i *issuer, allowHTTP bool) error {
	if err := checkServer(origin(i.Issuer), allowHTTP); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(i.Issuer, "/")+"/.well-known/openid-configuration", nil)
	if err != nil {
		return err
	}
	response, err := p.plainHTTP().Do(request)
	if err != nil {
		return failed("no answer: %s", innermost(err))
	}
	defer response.Body.Close()
	var doc struct {
		Issuer        string `json:"issuer"`
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
		Revocation    string `json:"revocation_endpoint"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxDiscovery)).Decode(&doc)
	if response.StatusCode != http.StatusOK || err != nil {
		return failed("it does not describe itself: %s", response.Status)
	}
	if doc.Issuer != i.Issuer || origin(doc.Token) != origin(i.Issuer) || origin(doc.Authorization) != origin(i.Issuer) || origin(doc.Revocation) != origin(i.Issuer) {
		return failed("it describes another server")
	}
	i.Authorization, i.Token, i.Revocation = doc.Authorization, doc.Token, doc.Revocation
	return nil
}

// origin is a URL without what follows its host.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// plainHTTP is for the authorization server. Redirects are not followed: they
// would carry a secret to wherever they lead.
func (p *program) plainHTTP() *http.Client {
	return &http.Client{
		Timeout:       p.flags.requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// withHTTP has package oauth2 use plainHTTP.
func (p *program) withHTTP(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, p.plainHTTP())
}

// tokenFailure says why there is no token. What the server sent is left out but
// for its code: it may repeat what it was sent.
func tokenFailure(err error) *failure {
	var said *oauth2.RetrieveError
	if !errors.As(err, &said) {
		return failed("no answer from the authorization server: %s", innermost(err))
	}
	if said.ErrorCode == "" {
		return failed("the authorization server answers %s", said.Response.Status).withHint("try again in a moment")
	}
	f := failed("the authorization server refuses: %s", oneLine(said.ErrorCode))
	if said.Response.StatusCode < http.StatusInternalServerError {
		f.exit = ExitAuth
	}
	return f
}
