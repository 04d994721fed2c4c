package local

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/servers"
)

const (
	hydraDatabase = "hydra"
	hydraRole     = "hydra"

	// apiAudience is the audience of access tokens for tenants' APIs.
	apiAudience = "platform-api"
)

// confidentialClients are the OAuth clients that have a secret, and the variable
// by which its file in clients asks for it.
var confidentialClients = map[string]string{"demo-app": "DEMO_APP_SECRET", "ops-robot": "OPS_ROBOT_SECRET"}

// hydra is the authorization server.
func (l layout) hydra() servers.Hydra {
	return servers.Hydra{
		Program: l.hydraAt, Name: "hydra", Dir: l.data("hydra"), PublicPort: l.ports["hydra"], AdminPort: l.ports["hydra-admin"],
		Database:     l.hydraDatabaseURL(),
		SystemSecret: l.secrets.HydraSystemSecret, CookieSecret: l.secrets.HydraCookieSecret,
		Issuer: l.issuerURL(), Pages: l.signinURL(),
		Hook:          servers.TokenHook{URL: l.ports.url("controlplane") + controlplane.TokenHookPath, Header: controlplane.TokenHookHeader, Key: l.secrets.HydraHookKey},
		AllowedClaims: controlplane.AccessTokenClaims,
	}
}

func (l layout) hydraDatabaseURL() string {
	return l.controlPostgres().DSN(hydraRole, l.secrets.HydraPassword, hydraDatabase)
}

// issuerURL is the authorization server as browsers and tokens name it.
func (l layout) issuerURL() string { return fmt.Sprintf("http://localhost:%d/", l.ports["hydra"]) }

// signinURL is the login application. It has a name of its own since passkeys
// are bound to one, and since its cookies are nobody else's.
func (l layout) signinURL() string {
	return fmt.Sprintf("http://login.localhost:%d", l.ports["signin"])
}

// tokenIssuer is whose tokens a region's router accepts.
func (l layout) tokenIssuer(region string) Issuer {
	if other, ok := l.issuers[region]; ok {
		return other
	}
	return Issuer{JWKSURL: l.found().hydra().JWKSURL(), Name: l.issuerURL(), Audience: apiAudience}
}

func (l layout) identityEndpoints() IdentityEndpoints {
	hydra := l.hydra()
	return IdentityEndpoints{
		Issuer: hydra.Issuer, AdminURL: hydra.AdminURL(), JWKSURL: hydra.JWKSURL(), Audience: apiAudience,
		SigninURL: hydra.Pages, DatabaseURL: hydra.Database,
	}
}

// hydraDatabase makes Hydra's role and database and applies its schema.
func (p *Platform) hydraDatabase(ctx context.Context) error {
	l := p.layout()
	if err := ensureDatabase(ctx, l.controlPostgres(), hydraDatabase, hydraRole, l.secrets.HydraPassword, ""); err != nil {
		return fmt.Errorf("database of hydra: %w", err)
	}
	if err := makePartDir(p.opts.Dir, "hydra"); err != nil {
		return err
	}
	server := l.hydra()
	if err := server.Prepare(ctx); err != nil {
		return err
	}
	return server.Migrate(ctx)
}

// syncClients makes the OAuth clients those of the files in clients, and has the
// server make its keys before routers ask for them.
func (p *Platform) syncClients(ctx context.Context) error {
	l := p.layout()
	if err := l.hydra().FirstKeys(ctx); err != nil {
		return err
	}
	env := []string{"SIGNIN_URL=" + l.signinURL()}
	for id, variable := range confidentialClients {
		env = append(env, variable+"="+l.secrets.Clients[id])
	}
	return p.runProgram(ctx, env, "", "controlplane", "identity", "clients", "sync", "--yes",
		"--dir", filepath.Join(p.opts.Root, "deploy", "local", "clients"), "--hydra-admin-url", l.hydra().AdminURL())
}
