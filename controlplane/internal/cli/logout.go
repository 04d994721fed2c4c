package cli

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout [CONTEXT]", Short: "End a context's login", Args: cobra.MaximumNArgs(1),
		Long: `Has the authorization server end the login, and forgets it. An access token that
somebody has copied goes on for the rest of its ten minutes.`,
		ValidArgsFunction: firstOnly(p.contextNames),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.logout(cmd.Context(), append(args, p.flags.context, "")[0])
		}),
	}
}

func (p *program) logout(ctx context.Context, name string) error {
	file, err := p.loadContexts()
	if err != nil {
		return err
	}
	if name == "" {
		name = file.Current
	}
	c, known := file.Contexts[name]
	switch {
	case !known:
		return unknownContext(name)
	case c.Login == nil:
		return signedOut(name)
	}
	revoked := p.revoke(ctx, c.Login)
	c.Login = nil
	// Forgotten also where the server cannot be told.
	err = p.changeContexts(func(file *contextFile) error {
		file.Contexts[name] = c
		return nil
	})
	if err != nil {
		return err
	}
	if revoked != nil {
		return doing(revoked, "the login is forgotten here, but the authorization server was not told")
	}
	return p.done(viewOf(name, c, file.Current == name, p.opts.Config), "signed out of context %s", name)
}

// revoke ends the grant (RFC 7009). A program has none: its secret stays good.
func (p *program) revoke(ctx context.Context, l *storedLogin) error {
	if l.RefreshToken == "" {
		return nil
	}
	form := url.Values{"token": {l.RefreshToken}, "token_type_hint": {"refresh_token"}, "client_id": {l.ClientID}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.RevocationURL, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.plainHTTP().Do(request)
	if err != nil {
		return failed("no answer: %s", innermost(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return failed("it answers %s", response.Status)
	}
	return nil
}
