package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/coditect/platform/controlplane/api"
)

// storedLogin is how a context signs in where it has no key: a person's refresh
// token, or a program's secret, and the access token that came of it.
type storedLogin struct {
	ClientID      string    `json:"client_id"`
	ClientSecret  string    `json:"client_secret,omitempty"` // a program's
	TokenURL      string    `json:"token_url"`
	RevocationURL string    `json:"revocation_url"`
	Audience      string    `json:"audience"`
	Scope         string    `json:"scope"`
	AccessToken   string    `json:"access_token"`
	RefreshToken  string    `json:"refresh_token,omitempty"` // a person's
	Expires       time.Time `json:"expires"`
}

func (l *storedLogin) take(t *oauth2.Token) {
	l.AccessToken, l.RefreshToken, l.Expires = t.AccessToken, t.RefreshToken, t.Expiry.UTC()
}

// machine is how a program gets a token.
func (l *storedLogin) machine() *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: l.ClientID, ClientSecret: l.ClientSecret, TokenURL: l.TokenURL, Scopes: []string{l.Scope},
		EndpointParams: map[string][]string{"audience": {l.Audience}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
}

type loginSettings struct {
	client     string
	secretFile string
	use        bool
}

const loginHelp = `Signs in at the control plane's authorization server and keeps the login in the
context, in the contexts file. Access tokens end after minutes; they are renewed
by themselves, until 'cellctl logout', or until nobody has used the context for
a month.

A person signs in with the browser: the page is opened, or its URL is printed
for another browser on this machine. A program signs in with --client-credentials
and a secret, which is kept in the contexts file (mode 0600) and comes from a
file or standard input, never as an argument.`

func (p *program) loginCommand() *cobra.Command {
	var set loginSettings
	cmd := &cobra.Command{
		Use: "login [CONTEXT]", Short: "Sign in to a control plane", Args: cobra.MaximumNArgs(1), Long: loginHelp,
		Example: `  cellctl login prod --server https://control.example.com    # a new context
  cellctl login                                              # the current one
  cellctl login robot --server https://control.example.com --client-credentials ops-robot --secret-file secret.txt`,
		ValidArgsFunction: firstOnly(p.contextNames),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.login(cmd.Context(), append(args, p.flags.context, "")[0], set)
		}),
	}
	cmd.Flags().StringVar(&set.client, "client-credentials", "", "sign in as this `CLIENT`, not as a person")
	cmd.Flags().StringVar(&set.secretFile, "secret-file", "-", "`FILE` that holds the client's secret; - is standard input")
	cmd.Flags().BoolVar(&set.use, "use", false, "make it the current context, too")
	return cmd
}

func (p *program) login(ctx context.Context, name string, set loginSettings) error {
	name, t, err := p.loginTarget(name)
	if err != nil {
		return err
	}
	at, err := p.issuerOf(ctx, t)
	if err != nil {
		return err
	}
	l := &storedLogin{ClientID: at.ClientID, TokenURL: at.Token, RevocationURL: at.Revocation, Audience: at.Audience, Scope: at.Scope}
	if set.client != "" {
		err = p.loginClient(ctx, l, set)
	} else {
		err = p.loginPerson(ctx, at, l)
	}
	if err != nil {
		return err
	}
	t.Key, t.Login = "", l
	if err := p.keepLogin(name, t.storedContext, set.use); err != nil {
		return err
	}
	return p.greet(ctx, name)
}

// loginTarget is the context to sign in, which may be a new one.
func (p *program) loginTarget(name string) (string, target, error) {
	file, err := p.loadContexts()
	if err != nil {
		return "", target{}, err
	}
	if name == "" {
		name = file.Current
	}
	switch {
	case name == "":
		return "", target{}, misused("no context is current").withHint("name one: cellctl login NAME --server https://control.example.com")
	case name == localName || !contextPattern.MatchString(name):
		return "", target{}, misused("nobody signs in to a context called %q", name).withHint("use letters, digits, ., _ and -; %q is built in and has a key", localName)
	}
	c := file.Contexts[name]
	if p.flags.server != "" {
		c.Server = p.flags.server
	}
	if c.Server == "" {
		return "", target{}, misused("there is no context %q", name).withHint("make it: cellctl login %s --server https://control.example.com", name)
	}
	return name, target{storedContext: c, name: name}, checkServer(c.Server, c.AllowHTTP)
}

func (p *program) loginClient(ctx context.Context, l *storedLogin, set loginSettings) error {
	secret, err := p.readSecret(ctx, set.secretFile, "Client secret: ")
	if err != nil {
		return failed("read the secret: %s", err)
	}
	l.ClientID, l.ClientSecret = set.client, secret
	token, err := l.machine().Token(p.withHTTP(ctx))
	if err != nil {
		return doing(tokenFailure(err), "sign in as %s", set.client)
	}
	l.take(token)
	return nil
}

// keepLogin writes the context, while no other cellctl writes one.
func (p *program) keepLogin(name string, c storedContext, use bool) error {
	return p.changeContexts(func(file *contextFile) error {
		file.Contexts[name] = c
		if use || file.Current == "" {
			file.Current = name
		}
		return nil
	})
}

// greet asks the control plane who has signed in, which also shows that it
// accepts the token.
func (p *program) greet(ctx context.Context, name string) error {
	p.flags.context, p.flags.server = name, ""
	s, err := p.connect()
	if err != nil {
		return err
	}
	who, err := answer[api.Caller](s.WhoAmI(ctx))
	if err != nil {
		return doing(err, "signed in, but the control plane does not accept it")
	}
	return p.done(who, "signed in to %s as %s (%s); context %s", s.target.Server, who.Name, who.Role, name)
}
